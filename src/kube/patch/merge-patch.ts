import { copyMap, getOwn, isJsonMap, setOwn } from '#kube/json-value.ts'

/**
 * Applies a JSON merge patch (RFC 7386): maps are merged, null takes a field away, everything else, lists too, replaces. The value stays
 * as it is.
 */
export function applyMergePatch(value: unknown, patch: unknown): unknown {
  if (!isJsonMap(patch)) return patch
  const merged = isJsonMap(value) ? copyMap(value) : {}
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete merged[name]
    else setOwn(merged, name, applyMergePatch(getOwn(merged, name), change))
  }
  return merged
}
