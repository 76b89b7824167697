import type { KubeObject } from '#kube/object.ts'
import type { ClientTls } from './client-tls.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { LoadBalancer } from './load-balancer.ts'

/** spec of a DestinationRule after decoding: every field present, absence told apart from zero where Istio does (spec 1.4). */
export interface DestinationRuleSpec {
  readonly host: string
  readonly trafficPolicy: TrafficPolicy | undefined
  readonly subsets: readonly Subset[]
  /** Empty: the mesh's default. */
  readonly exportTo: readonly string[]
  /** Clients that the rule is for; undefined: all. */
  readonly workloadSelector: { readonly matchLabels: Readonly<Record<string, string>> } | undefined
}

export type DestinationRule = KubeObject<DestinationRuleSpec>

export interface Subset {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly trafficPolicy: TrafficPolicy | undefined
}

/** What may be said of one port as well as of all. */
export interface PortPolicy {
  readonly loadBalancer: LoadBalancer | undefined
  readonly connectionPool: ConnectionPool | undefined
  readonly outlierDetection: OutlierDetection | undefined
  readonly tls: ClientTls | undefined
}

export interface TrafficPolicy extends PortPolicy {
  readonly portLevelSettings: readonly PortLevelSettings[]
  readonly tunnel: Tunnel | undefined
  readonly proxyProtocol: { readonly version: 'V1' | 'V2' } | undefined
  readonly retryBudget: RetryBudget | undefined
}

export interface PortLevelSettings extends PortPolicy {
  /** undefined: left out, which is an error */
  readonly port: number | undefined
}

/** undefined stands for Istio's default, which the comments name. */
export interface OutlierDetection {
  /** Deprecated. */
  readonly consecutiveErrors: number
  readonly splitExternalLocalOriginErrors: boolean
  /** 5 */
  readonly consecutiveLocalOriginFailures: number | undefined
  /** off */
  readonly consecutiveGatewayErrors: number | undefined
  /** 5 */
  readonly consecutive5xxErrors: number | undefined
  /** 10 seconds */
  readonly intervalMs: number | undefined
  /** 30 seconds */
  readonly baseEjectionTimeMs: number | undefined
  /** 0: 10 */
  readonly maxEjectionPercent: number
  /** 0: panic is off */
  readonly minHealthPercent: number
  readonly outlierDetectionHttpErrorCodes: readonly number[]
}

export interface Tunnel {
  /** "CONNECT", "POST", or "" for CONNECT */
  readonly protocol: string
  readonly targetHost: string
  readonly targetPort: number
}

export interface RetryBudget {
  /** Percent of the active requests; undefined: 20. */
  readonly percent: number | undefined
  /** 0: 3 */
  readonly minRetryConcurrency: number
  readonly budgetIntervalMs: number | undefined
}
