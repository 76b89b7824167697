import type { JsonObject } from '#api/kind.ts'
import type { Finding } from '#kube/message.ts'
import type { DestinationPolicy, LegacyLoadBalancing, SimpleCircuitBreaker } from './destination-policy.ts'
import { durationText, given } from './route-rule-conversion.ts'

const LOAD_BALANCING: Readonly<Record<LegacyLoadBalancing, string>> = {
  ROUND_ROBIN: 'ROUND_ROBIN',
  LEAST_CONN: 'LEAST_REQUEST',
  RANDOM: 'RANDOM',
}

/** What a destination policy says, as `trafficPolicy` of a destination rule (spec 2.3). */
export function trafficPolicyOf({ spec }: DestinationPolicy): JsonObject {
  const { loadBalancing, circuitBreaker } = spec
  return given({
    loadBalancer: loadBalancing && { simple: LOAD_BALANCING[loadBalancing.name] },
    ...(circuitBreaker?.simpleCb === undefined ? {} : limitsOf(circuitBreaker.simpleCb)),
  })
}

function limitsOf(limits: SimpleCircuitBreaker): JsonObject {
  const set = (value: number) => (value === 0 ? undefined : value)
  const time = (ms: number | undefined) => (ms === undefined ? undefined : durationText(ms))
  const tcp = given({ maxConnections: set(limits.maxConnections) })
  const http = given({
    http1MaxPendingRequests: set(limits.httpMaxPendingRequests),
    http2MaxRequests: set(limits.httpMaxRequests),
    maxRequestsPerConnection: set(limits.httpMaxRequestsPerConnection),
    maxRetries: set(limits.httpMaxRetries),
  })
  const outlierDetection = given({
    consecutive5xxErrors: set(limits.httpConsecutiveErrors),
    interval: time(limits.httpDetectionInterval),
    baseEjectionTime: time(limits.sleepWindow),
    maxEjectionPercent: set(limits.httpMaxEjectionPercent),
  })
  const connectionPool = given({ tcp: filled(tcp), http: filled(http) })
  return given({ connectionPool: filled(connectionPool), outlierDetection: filled(outlierDetection) })
}

function filled(fields: JsonObject): JsonObject | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields
}

/** Where a converted policy means something else than it did. */
export function lossesOfDestinationPolicy({ spec }: DestinationPolicy): readonly Finding[] {
  if (spec.source === undefined) return []
  const text = 'source is left out: a DestinationRule holds for every caller'
  return [{ level: 'warning', path: ['spec', 'source'], text }]
}
