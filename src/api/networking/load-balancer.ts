/** How an endpoint is chosen among those of a service (spec 1.4). */
export interface LoadBalancer {
  /** undefined: least requests */
  readonly policy: LoadBalancerPolicy | undefined
  /** undefined: the mesh's */
  readonly locality: LocalityLoadBalancer | undefined
  /** Set or not; its fields are Istio's alone. */
  readonly zoneAwareLbSetting: unknown
  readonly warmup: Warmup | undefined
  /** Deprecated. */
  readonly warmupDurationMs: number | undefined
}

export type LoadBalancerPolicy =
  | {
      readonly kind: 'simple'
      readonly algorithm: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST'
    }
  | { readonly kind: 'consistent hash'; readonly hash: ConsistentHash }

export interface ConsistentHash {
  /** What requests of one caller have in common; undefined: nothing was written. */
  readonly key: HashKey | undefined
  /** undefined: a ring of 1024 */
  readonly algorithm: HashAlgorithm | undefined
  /** Deprecated; 0 is unset. */
  readonly minimumRingSize: number
}

export type HashKey =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly cookie: HashCookie }
  /** `useSourceIp: false` is written and hashes nothing. */
  | { readonly kind: 'source address'; readonly isUsed: boolean }
  | { readonly kind: 'query parameter'; readonly name: string }

export interface HashCookie {
  readonly name: string
  readonly path: string
  /** undefined: the cookie is not made when a request lacks it; 0: a session cookie. */
  readonly ttlMs: number | undefined
  readonly attributes: readonly { readonly name: string; readonly value: string }[]
}

export type HashAlgorithm =
  /** undefined: 1024 */
  | { readonly kind: 'ring hash'; readonly minimumRingSize: number | undefined }
  /** undefined: 65537 */
  | { readonly kind: 'maglev'; readonly tableSize: number | undefined }

export interface LocalityLoadBalancer {
  readonly distribute: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[]
  readonly failover: readonly { readonly from: string; readonly to: string }[]
  /** Labels, the most telling first. */
  readonly failoverPriority: readonly string[]
  /** undefined: true */
  readonly enabled: boolean | undefined
}

export interface Warmup {
  /** undefined: left out, which is an error */
  readonly durationMs: number | undefined
  /** Percent; undefined: 10. */
  readonly minimumPercent: number | undefined
  /** undefined: 1 */
  readonly aggression: number | undefined
}
