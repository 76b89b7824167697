import { istioKind } from '#api/istio-kind.ts'
import { checkSidecar } from './sidecar-rules.ts'
import { decodeSidecarSpec } from './sidecar-schema.ts'

/** Spec 1.6. */
export const SIDECAR = istioKind({
  group: 'networking.istio.io',
  kind: 'Sidecar',
  plural: 'sidecars',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'What workloads of a namespace can reach, and what their sidecars listen for.',
  decodeSpec: decodeSidecarSpec,
  checkRules: checkSidecar,
})
