import { column, istioKind } from '#api/istio-kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { checkVirtualService } from './virtual-service-rules.ts'
import { decodeVirtualServiceSpec } from './virtual-service-schema.ts'

/** Spec 1.3. */
export const VIRTUAL_SERVICE = istioKind({
  group: 'networking.istio.io',
  kind: 'VirtualService',
  plural: 'virtualservices',
  shortNames: ['vs'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'Rules that decide where requests and connections to some hosts go.',
  columns: [
    column('Gateways', '.spec.gateways', 'Gateways and sidecars that apply these routes.'),
    column('Hosts', '.spec.hosts', 'Hosts to which traffic is being sent.'),
    AGE_COLUMN,
  ],
  decodeSpec: decodeVirtualServiceSpec,
  checkRules: checkVirtualService,
})
