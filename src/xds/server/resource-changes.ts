import type { Changes, ResourceMap } from '#xds/resource-map.ts'

const known = new WeakMap<ResourceMap, WeakMap<ResourceMap, readonly string[]>>()

/**
 * The names whose resources differ between two sets of one type. Sets are immutable, so the comparison is made once
 * and shared by all clients that go from the one to the other: a push costs each of them only what changed.
 */
export function namesThatDiffer(before: ResourceMap, after: ResourceMap): readonly string[] {
  if (before === after) return []
  const fromBefore = known.get(before) ?? new WeakMap<ResourceMap, readonly string[]>()
  known.set(before, fromBefore)
  const names = fromBefore.get(after) ?? before.namesThatDiffer(after)
  fromBefore.set(after, names)
  return names
}

export function sameChanges(a: Changes, b: Changes): boolean {
  if (a.size !== b.size) return false
  for (const [name, resource] of a) if (!b.has(name) || b.get(name)?.version !== resource?.version) return false
  return true
}
