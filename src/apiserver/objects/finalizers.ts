import type { JsonObject } from '#api/kind.ts'
import { isObject } from './decode-object.ts'
import { metadataOf } from './prepare-metadata.ts'

/** Set on an owner that waits until its dependents are gone. */
export const FOREGROUND = 'foregroundDeletion'
/** Set on an owner whose dependents are to stay. */
export const ORPHAN = 'orphan'

export function finalizersOf(object: JsonObject): readonly string[] {
  const { finalizers } = metadataOf(object)
  const own = Array.isArray(finalizers) ? (finalizers as readonly string[]) : []
  return [...own, ...specFinalizersOf(object)]
}

/** A namespace waits, beside those, for what its spec names: "kubernetes" stands for its objects. */
function specFinalizersOf({ kind, apiVersion, spec }: JsonObject): readonly string[] {
  if (kind !== 'Namespace' || apiVersion !== 'v1' || !isObject(spec) || !Array.isArray(spec.finalizers)) return []
  return spec.finalizers as readonly string[]
}

export function hasFinalizers(object: JsonObject): boolean {
  return finalizersOf(object).length > 0
}

export function isBeingDeleted(object: JsonObject): boolean {
  return metadataOf(object).deletionTimestamp !== undefined
}
