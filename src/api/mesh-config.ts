/** What to do with traffic to destinations that nothing names. */
export type OutboundPolicy = 'REGISTRY_ONLY' | 'ALLOW_ANY'

/** The subset of Istio's MeshConfig that Postern reads (spec 1.11), defaults applied. */
export interface MeshConfig {
  /** Default here REGISTRY_ONLY (Istio's is ALLOW_ANY): Postern denies what is not named. */
  readonly outboundTrafficPolicy: { readonly mode: OutboundPolicy }
  /** "" (the default) turns the access log off; "/dev/stdout" is the usual choice. */
  readonly accessLogFile: string
  /** "" is the default format of the encoding (spec 5.1). */
  readonly accessLogFormat: string
  readonly accessLogEncoding: 'TEXT' | 'JSON'
  /** milliseconds, default 10000 */
  readonly connectTimeoutMs: number
  /** milliseconds, default 0: wait for ever */
  readonly protocolDetectionTimeoutMs: number
  /** milliseconds, default 60000 */
  readonly dnsRefreshRateMs: number
  readonly defaultServiceExportTo: readonly string[]
  /** default "istio-system" */
  readonly rootNamespace: string
  /** default "cluster.local" */
  readonly trustDomain: string
}

export const DEFAULT_MESH_CONFIG: MeshConfig = {
  outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
  accessLogFile: '',
  accessLogFormat: '',
  accessLogEncoding: 'TEXT',
  connectTimeoutMs: 10_000,
  protocolDetectionTimeoutMs: 0,
  dnsRefreshRateMs: 60_000,
  defaultServiceExportTo: ['*'],
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
}
