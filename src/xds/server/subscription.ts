import { CLUSTER_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, type TypeUrl } from '#xds/type-url.ts'

/** What a client wants of one type. `names` holds what it named, "*" included when it named that. */
export interface Subscription {
  readonly wildcard: boolean
  readonly names: ReadonlySet<string>
}

/** Types whose state-of-the-world responses are complete, and whose empty first request means everything (xDS protocol, "wildcard"). */
const WHOLE_STATE_TYPES: ReadonlySet<TypeUrl> = new Set([CLUSTER_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE])

export function isWholeState(typeUrl: TypeUrl): boolean {
  return WHOLE_STATE_TYPES.has(typeUrl)
}

export function wants(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name)
}

/** State of the world: each request names everything that is wanted. Names nothing after naming something: nothing is wanted. */
export function subscriptionFromSotw(
  typeUrl: TypeUrl,
  previous: Subscription | undefined,
  resourceNames: readonly string[],
): Subscription {
  if (resourceNames.length > 0) return { wildcard: resourceNames.includes('*'), names: new Set(resourceNames) }
  const neverNamed = previous === undefined || (previous.wildcard && previous.names.size === 0)
  return { wildcard: neverNamed && isWholeState(typeUrl), names: new Set() }
}

/** Delta: requests add and take away. An empty first request wants everything, until "*" is unsubscribed. */
export function subscriptionFromDelta(
  typeUrl: TypeUrl,
  previous: Subscription | undefined,
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Subscription {
  const implied = previous === undefined ? subscribe.length === 0 && isWholeState(typeUrl) : previous.wildcard
  const names = new Set(previous?.names)
  for (const name of subscribe) names.add(name)
  for (const name of unsubscribe) names.delete(name)
  return { wildcard: (implied || subscribe.includes('*')) && !unsubscribe.includes('*'), names }
}
