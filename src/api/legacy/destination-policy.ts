import { durationMs } from '#api/duration.ts'
import { described, int32, message, oneOf, optional } from '#api/schema/decode.ts'
import type { KubeObject } from '#kube/object.ts'
import { decodeIstioService, type IstioService } from './istio-service.ts'

/** How one of the hosts of a service is chosen. */
export type LegacyLoadBalancing = 'ROUND_ROBIN' | 'LEAST_CONN' | 'RANDOM'

/** Limits of a service, and when its hosts are left out; numbers of 0 are not set, times in milliseconds. */
export interface SimpleCircuitBreaker {
  readonly maxConnections: number
  readonly httpMaxPendingRequests: number
  readonly httpMaxRequests: number
  readonly sleepWindow: number | undefined
  readonly httpConsecutiveErrors: number
  readonly httpDetectionInterval: number | undefined
  readonly httpMaxRequestsPerConnection: number
  readonly httpMaxEjectionPercent: number
  readonly httpMaxRetries: number
}

/** spec of a DestinationPolicy (config.istio.io/v1alpha2, Istio 0.2 to 0.8), decoded (spec 2.3). */
export interface DestinationPolicySpec {
  readonly destination: IstioService | undefined
  /** Callers that the policy is for. */
  readonly source: IstioService | undefined
  readonly loadBalancing: { readonly name: LegacyLoadBalancing } | undefined
  readonly circuitBreaker: { readonly simpleCb: SimpleCircuitBreaker | undefined } | undefined
}

export type DestinationPolicy = KubeObject<DestinationPolicySpec>

const decodeSimpleCircuitBreaker = message<SimpleCircuitBreaker>({
  maxConnections: described('The most connections there may be.', int32),
  httpMaxPendingRequests: described('The most requests that may wait for a connection.', int32),
  httpMaxRequests: described('The most requests there may be.', int32),
  sleepWindow: described('How long a host is left out at least.', durationMs),
  httpConsecutiveErrors: described('After so many errors in a row a host is left out.', int32),
  httpDetectionInterval: described('How often hosts are looked at.', durationMs),
  httpMaxRequestsPerConnection: described('The most requests that one connection carries.', int32),
  httpMaxEjectionPercent: described('Of a hundred hosts, how many may be left out.', int32),
  httpMaxRetries: described('The most retries there may be.', int32),
})

export const decodeDestinationPolicySpec = message<DestinationPolicySpec>({
  destination: described('The service that is called.', optional(decodeIstioService)),
  source: described('Its callers that this is for; all of them unless given.', optional(decodeIstioService)),
  loadBalancing: described(
    'How hosts are chosen.',
    optional(message({ name: described('The way.', oneOf(['ROUND_ROBIN', 'LEAST_CONN', 'RANDOM'])) })),
  ),
  circuitBreaker: described(
    'Limits, and when hosts are left out.',
    optional(message({ simpleCb: described('The limits.', optional(decodeSimpleCircuitBreaker)) })),
  ),
})
