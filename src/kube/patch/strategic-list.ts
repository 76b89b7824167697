import { isJsonMap, type JsonMap, setOwn } from '#kube/json-value.ts'
import { badRequest } from '#kube/status-errors.ts'

const DIRECTIVES: readonly unknown[] = ['merge', 'replace', 'delete']

/**
 * Merges a list of maps by `key`: elements of the patch change those of the same key or are new, `$patch: delete` takes one away, and an element that
 * is `$patch: replace` alone makes the patch the whole list. New elements stand where the patch has them, in front of what only the server knows.
 */
export function mergeMapList(
  list: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  merge: (item: JsonMap, change: JsonMap) => JsonMap,
): readonly unknown[] {
  const changes = patch.map((change) => {
    if (!isJsonMap(change))
      throw badRequest(`an element of a list that is merged by ${JSON.stringify(key)} must be a map`)
    return change
  })
  for (const { $patch = 'merge' } of changes) {
    if (!DIRECTIVES.includes($patch)) throw badRequest(`unknown patch type: ${String($patch)}`)
  }
  const plain = changes.filter((change) => change.$patch === undefined || change.$patch === 'merge')
  const replaces = changes.some((change) => change.$patch === 'replace')
  if (replaces) return withoutDirectives(plain) as readonly unknown[]
  for (const change of changes) requireKey(change, key)
  const identify = byKey(key)
  const deleted = new Set(changes.filter((change) => change.$patch === 'delete').map(identify))
  const merged = list.filter((item) => !deleted.has(identify(item)))
  // Elements of the same key can be there already: the first of them is meant, and the others stay.
  const places = new Map(merged.map((item, index) => [identify(item), index] as const).reverse())
  for (const change of plain) {
    const place = places.get(identify(change)) ?? merged.length
    const item = merged[place]
    merged[place] = merge(isJsonMap(item) ? item : {}, change)
    places.set(identify(change), place)
  }
  return orderLike(merged, plain, list, identify)
}

/** What two elements that are merged have in common: the value of their key. */
export function byKey(key: string): (item: unknown) => string {
  return (item) => JSON.stringify(isJsonMap(item) ? item[key] : item) ?? ''
}

/**
 * The elements of `list` that `order` names in its order, and between them the others in the order of `before`. Two elements that `before` both has
 * keep its order; otherwise the named one goes first, as in Kubernetes.
 */
export function orderLike(
  list: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  identify: (item: unknown) => string,
): readonly unknown[] {
  const wantedPlaces = new Map(order.map((item, index) => [identify(item), index]))
  const earlierPlaces = new Map(before.map((item, index) => [identify(item), index]))
  const ranked = list.map((item) => {
    const identity = identify(item)
    return { item, wanted: wantedPlaces.get(identity) ?? -1, was: earlierPlaces.get(identity) ?? -1 }
  })
  const named = ranked.filter(({ wanted }) => wanted >= 0).sort((a, b) => a.wanted - b.wanted)
  const others = ranked.filter(({ wanted }) => wanted < 0).sort((a, b) => a.was - b.was)
  const merged: unknown[] = []
  let next = 0
  for (const { item, was } of others) {
    while (next < named.length && !(was >= 0 && named[next]!.was >= 0 && was < named[next]!.was)) {
      merged.push(named[next++]!.item)
    }
    merged.push(item)
  }
  for (; next < named.length; next++) merged.push(named[next]!.item)
  return merged
}

/** A value that a patch brings whole: nulls of maps say that a field is absent, and directives are for merging only. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives)
  if (!isJsonMap(value)) return value
  const plain: Record<string, unknown> = {}
  for (const [name, child] of Object.entries(value)) {
    if (child !== null && !name.startsWith('$')) setOwn(plain, name, withoutDirectives(child))
  }
  return plain
}

function requireKey(change: JsonMap, key: string): void {
  if (change[key] === undefined || change[key] === null) {
    throw badRequest(`map: ${JSON.stringify(change)} does not contain declared merge key: ${key}`)
  }
}
