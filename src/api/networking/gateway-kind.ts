import { istioKind } from '#api/istio-kind.ts'
import { checkGateway } from './gateway-rules.ts'
import { decodeGatewaySpec } from './gateway-schema.ts'

/** Spec 1.5. */
export const GATEWAY = istioKind({
  group: 'networking.istio.io',
  kind: 'Gateway',
  plural: 'gateways',
  shortNames: ['gw'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'Ports, hosts and certificates of proxies at the edge of the mesh.',
  decodeSpec: decodeGatewaySpec,
  checkRules: checkGateway,
})
