import type { JsonObject } from '#api/kind.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import { conflict, notAllowed, notFound } from '#kube/status-errors.ts'
import type { DeleteOptions } from '#kube/write-options.ts'
import { FOREGROUND, hasFinalizers, isBeingDeleted, ORPHAN } from './finalizers.ts'
import { BUILT_IN_NAMESPACES, terminating } from './namespaces.ts'
import { metadataOf, timestamp } from './prepare-metadata.ts'
import { keyOf, type ObjectTarget } from './target.ts'
import type { WriteContext, WriteResult } from './write-context.ts'

const ATTEMPTS = 16

/**
 * Deletes an object; one that has finalizers is marked, and goes when they are gone. Throws a StatusError when there is no such object, or when it
 * is not the one, or not in the state, that is meant.
 */
export async function deleteObject(
  context: WriteContext,
  target: ObjectTarget,
  options: DeleteOptions,
): Promise<WriteResult> {
  const { group, plural } = target.served.definition
  const key = keyOf(target)
  refuseBuiltIn(target)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = context.store.get(key)
    if (stored === undefined) throw notFound(group, plural, target.name)
    checkPreconditions(target, stored, options)
    const result = await deleteStored(context, stored, options)
    if (result !== undefined) return result
  }
  throw conflict(group, plural, target.name)
}

/** Undefined when somebody else wrote meanwhile. */
export async function deleteStored(
  { store, now }: Pick<WriteContext, 'store' | 'now'>,
  stored: StoredObject,
  options: Pick<DeleteOptions, 'dryRun' | 'propagationPolicy'>,
): Promise<WriteResult | undefined> {
  const { key, revision } = stored
  const value = marked(stored.value, options.propagationPolicy, now())
  if (!hasFinalizers(value)) {
    const deleted = { object: stored, outcome: 'deleted', warnings: [] } as const
    if (options.dryRun) return { ...deleted, warnings: [] }
    const gone = await store.delete(key, revision)
    return gone.kind === 'conflict' ? undefined : { ...deleted, warnings: [] }
  }
  if (value === stored.value) return { object: stored, outcome: 'unchanged', warnings: [] }
  if (options.dryRun) return { object: { key, revision, value }, outcome: 'changed', warnings: [] }
  const written = await store.put(key, value, revision)
  return written.kind === 'conflict' ? undefined : { object: written.object, outcome: 'changed', warnings: [] }
}

/** The object as one that is being deleted: the same one when it is that already, and waits for those that it has to wait for. */
function marked(object: JsonObject, propagation: DeleteOptions['propagationPolicy'], now: Date): JsonObject {
  const metadata = metadataOf(object)
  const own = Array.isArray(metadata.finalizers) ? (metadata.finalizers as readonly string[]) : []
  const wanted = finalizersFor(own, propagation)
  if (isBeingDeleted(object) && wanted.length === own.length) return object
  const deletionTimestamp = metadata.deletionTimestamp ?? timestamp(now)
  const finalizers = wanted.length === 0 ? {} : { finalizers: wanted }
  // As in Kubernetes: what is to go is wanted otherwise than before.
  const isNews = typeof metadata.generation === 'number' && !isBeingDeleted(object)
  const generation = isNews ? { generation: Number(metadata.generation) + 1 } : {}
  const changed = {
    ...object,
    metadata: { ...metadata, ...generation, deletionTimestamp, deletionGracePeriodSeconds: 0, ...finalizers },
  }
  return object.kind === 'Namespace' && object.apiVersion === 'v1' ? terminating(changed) : changed
}

function finalizersFor(own: readonly string[], propagation: DeleteOptions['propagationPolicy']): readonly string[] {
  const kept = own.filter((name) => name !== FOREGROUND && name !== ORPHAN)
  if (propagation === 'Foreground') return [...kept, FOREGROUND]
  if (propagation === 'Orphan') return [...kept, ORPHAN]
  return own
}

function checkPreconditions(target: ObjectTarget, { value, revision }: StoredObject, options: DeleteOptions): void {
  const { group, plural } = target.served.definition
  const { uid } = metadataOf(value)
  const { preconditions } = options
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${String(uid)}`
    throw conflict(group, plural, target.name, why)
  }
  const { resourceVersion } = preconditions
  if (resourceVersion !== undefined && resourceVersion !== String(revision)) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${revision}`
    throw conflict(group, plural, target.name, why)
  }
}

function refuseBuiltIn({ served, name }: ObjectTarget): void {
  const { group, plural } = served.definition
  if (group !== '' || plural !== 'namespaces' || !BUILT_IN_NAMESPACES.some((one) => one === name)) return
  throw notAllowed(group, plural, name, 'this namespace may not be deleted')
}
