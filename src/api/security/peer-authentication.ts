import { column, istioKind } from '#api/istio-kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { checkSelector } from '#api/rules/label-map.ts'
import { faultOfPort } from '#api/rules/port.ts'
import { described, mapOf, message, oneOf, optional } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import { SELECTION_FIELDS, type WorkloadSelection } from '#api/workload-selection.ts'
import type { KubeObject } from '#kube/object.ts'

/** Whether a workload takes mutual TLS only, takes it as well, or not; UNSET inherits from what is above. */
export type MutualTlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT'

interface MutualTls {
  readonly mode: MutualTlsMode
}

/** spec of a PeerAuthentication, decoded (spec 1.7). */
export interface PeerAuthenticationSpec extends Pick<WorkloadSelection, 'selector'> {
  readonly mtls: MutualTls | undefined
  /** By the port of the workload, not that of its service. */
  readonly portLevelMtls: Readonly<Record<string, MutualTls>> | undefined
}

export type PeerAuthentication = KubeObject<PeerAuthenticationSpec>

const decodeMutualTls = message<MutualTls>({
  mode: described(
    'STRICT takes mutual TLS only, PERMISSIVE plain text as well, DISABLE plain text only; UNSET is what the namespace or the mesh says.',
    oneOf(['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']),
  ),
})

export const PEER_AUTHENTICATION = istioKind({
  group: 'security.istio.io',
  kind: 'PeerAuthentication',
  plural: 'peerauthentications',
  shortNames: ['pa'],
  versions: ['v1', 'v1beta1'],
  description: 'Whether workloads take mutual TLS, plain text or both.',
  columns: [column('Mode', '.spec.mtls.mode', 'Whether mutual TLS is taken only, as well, or not.'), AGE_COLUMN],
  decodeSpec: message<PeerAuthenticationSpec>({
    selector: SELECTION_FIELDS.selector,
    mtls: described('For all ports.', optional(decodeMutualTls)),
    portLevelMtls: described(
      'For single ports of the workload, by their numbers; needs a selector.',
      optional(mapOf(decodeMutualTls)),
    ),
  }),
  checkRules: checkPeerAuthentication,
})

function checkPeerAuthentication({ spec }: PeerAuthentication, report: Report): void {
  if (spec.selector !== undefined) {
    checkSelector(spec.selector.matchLabels, 'peer authentication', ['spec', 'selector', 'matchLabels'], report)
  }
  if (spec.portLevelMtls === undefined) return
  const at = ['spec', 'portLevelMtls']
  const ports = Object.keys(spec.portLevelMtls)
  if (ports.length === 0) report.fault(at, 'port level mTLS must have at least one element')
  if (Object.keys(spec.selector?.matchLabels ?? {}).length === 0 && !report.isBroken(['spec', 'selector'])) {
    report.fault(at, 'mesh/namespace peer authentication cannot have port level mTLS')
  }
  for (const port of ports) {
    const fault = /^\d+$/.test(port) ? faultOfPort(Number(port)) : `port ${JSON.stringify(port)} must be a number`
    report.fault([...at, port], fault)
  }
}
