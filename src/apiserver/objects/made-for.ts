import type { JsonObject } from '#api/kind.ts'
import type { Store, StoredObject } from '#apiserver/store/store.ts'
import { Fault } from '#base/fault.ts'
import { equalJson } from '#kube/json-value.ts'
import { metadataOf } from './prepare-metadata.ts'
import type { ObjectTarget } from './target.ts'

/** How the state that a write was made for stands to the object as it is. */
export type MadeFor = 'this state' | 'an older status' | 'another state'

/**
 * Compares the resourceVersion that a write names with the object. A write to the object itself does not touch its status, so one from whose
 * state the object differs in nothing else loses nobody's work: it is no conflict, as it would be in Kubernetes. `kubectl replace` reads an object and
 * writes it at once, and a status that is written in between would be its end.
 */
export function madeFor(store: Store, target: ObjectTarget, stored: StoredObject, resourceVersion: unknown): MadeFor {
  if (typeof resourceVersion !== 'string' || resourceVersion === '' || resourceVersion === String(stored.revision)) {
    return 'this state'
  }
  if (!target.served.definition.hasStatus || target.subresource !== '') return 'another state'
  const then = versionOf(store, stored, Number(resourceVersion))
  if (then === undefined) return 'another state'
  return equalJson(apartFromStatus(then.value), apartFromStatus(stored.value)) ? 'an older status' : 'another state'
}

/** The object as it was in the revision in which it was written itself; undefined when the history does not know it. */
function versionOf(store: Store, { key }: StoredObject, revision: number): StoredObject | undefined {
  if (!(revision < store.revision)) return undefined
  let next: StoredObject | undefined
  try {
    // The first change after that revision tells what was there before it; the history is told before `watch` returns.
    const stop = store.watch(key, revision, ({ object, before }) => {
      if (object.key.name === key.name) next ??= before
    })
    stop()
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'store/compacted') return undefined
    throw thrown
  }
  return next?.revision === revision ? next : undefined
}

function apartFromStatus(value: JsonObject): JsonObject {
  const { status: _, ...rest } = value
  const { managedFields: __, ...metadata } = metadataOf(rest)
  return { ...rest, metadata }
}
