import type { EncodedResource } from '#xds/resource-set.ts'

export type Resources = ReadonlyMap<string, EncodedResource>

export const NO_RESOURCES: Resources = new Map()

/** `undefined`: the resource does not exist. */
export type Changes = ReadonlyMap<string, EncodedResource | undefined>

const known = new WeakMap<Resources, WeakMap<Resources, readonly string[]>>()

/**
 * The names whose resources differ between two sets of one type. Sets are immutable, so the comparison is made once
 * and shared by all clients that go from the one to the other: a push costs each of them only what changed.
 */
export function namesThatDiffer(before: Resources, after: Resources): readonly string[] {
  if (before === after) return []
  const fromBefore = known.get(before) ?? new WeakMap<Resources, readonly string[]>()
  known.set(before, fromBefore)
  const names = fromBefore.get(after) ?? compare(before, after)
  fromBefore.set(after, names)
  return names
}

function compare(before: Resources, after: Resources): readonly string[] {
  const names: string[] = []
  for (const [name, resource] of after) if (before.get(name)?.version !== resource.version) names.push(name)
  for (const name of before.keys()) if (!after.has(name)) names.push(name)
  return names
}

export function sameChanges(a: Changes, b: Changes): boolean {
  if (a.size !== b.size) return false
  for (const [name, resource] of a) if (!b.has(name) || b.get(name)?.version !== resource?.version) return false
  return true
}
