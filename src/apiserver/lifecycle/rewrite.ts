import type { JsonObject } from '#api/kind.ts'
import { hasFinalizers, isBeingDeleted } from '#apiserver/objects/finalizers.ts'
import { metadataOf } from '#apiserver/objects/prepare-metadata.ts'
import type { Store, StoreKey } from '#apiserver/store/store.ts'

/**
 * Changes an object as the server itself does, whatever others write meanwhile; `change` answers the same object when nothing is to be changed.
 * An object that is being deleted goes with its last finalizer.
 */
export async function rewrite(store: Store, key: StoreKey, change: (object: JsonObject) => JsonObject): Promise<void> {
  for (;;) {
    const stored = store.get(key)
    if (stored === undefined) return
    const value = change(stored.value)
    if (value === stored.value) return
    const isDone = isBeingDeleted(value) && !hasFinalizers(value)
    const written = isDone ? await store.delete(key, stored.revision) : await store.put(key, value, stored.revision)
    if (written.kind === 'written') return
  }
}

/** The object without one of its finalizers. */
export function withoutFinalizer(object: JsonObject, finalizer: string): JsonObject {
  const { finalizers, ...metadata } = metadataOf(object)
  const own = Array.isArray(finalizers) ? (finalizers as readonly string[]) : []
  const left = own.filter((name) => name !== finalizer)
  if (left.length === own.length) return object
  return { ...object, metadata: left.length === 0 ? metadata : { ...metadata, finalizers: left } }
}

/** The object without the owner references to some uids. */
export function withoutOwners(object: JsonObject, uids: ReadonlySet<string>): JsonObject {
  const { ownerReferences, ...metadata } = metadataOf(object)
  const own = Array.isArray(ownerReferences) ? (ownerReferences as readonly JsonObject[]) : []
  const left = own.filter(({ uid }) => !uids.has(String(uid)))
  if (left.length === own.length) return object
  return { ...object, metadata: left.length === 0 ? metadata : { ...metadata, ownerReferences: left } }
}
