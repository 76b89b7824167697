import type { JsonObject } from '#api/kind.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import { equalJson } from '#kube/json-value.ts'
import { conflict, notFound } from '#kube/status-errors.ts'
import { checkObject, shapeObject, type Warnings } from './admit.ts'
import { hasFinalizers, isBeingDeleted } from './finalizers.ts'
import { checkSize } from './object-size.ts'
import { metadataOf, metadataOfChanged, withGeneration } from './prepare-metadata.ts'
import { present } from './presented.ts'
import { keyOf, type ObjectTarget } from './target.ts'
import { withApiVersion } from './versions.ts'
import type { WriteContext, WriteResult } from './write-context.ts'
import type { WriteOptions } from './write-options.ts'

/** What a client wants an object to be. */
export interface Wanted {
  /** In the version of the request; its metadata.resourceVersion, when there is one, is the state that it was made for. */
  readonly object: JsonObject
  readonly duplicates: readonly string[]
  /** Records who owns which fields of what was admitted. */
  readonly own: (admitted: JsonObject) => JsonObject
}

/** A change that does not depend on the state of the object is tried again when somebody else was quicker. */
const ATTEMPTS = 16

/**
 * Changes an object: `edit` says from the object as it is what it shall be, and may be asked again. Throws a StatusError when there is no such
 * object, when what is wanted is invalid, or when it was made for another state.
 */
export async function changeObject(
  context: WriteContext,
  target: ObjectTarget,
  options: WriteOptions,
  edit: (before: JsonObject, stored: StoredObject) => Wanted,
): Promise<WriteResult> {
  const { group, plural } = target.served.definition
  const key = keyOf(target)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = context.store.get(key)
    if (stored === undefined) throw notFound(group, plural, target.name)
    const warnings: Warnings = []
    const value = admitChange(target, stored, edit(present(stored, target.served), stored), options, warnings)
    const result = await writeChange(context, stored, value, options, warnings)
    if (result !== undefined) return result
  }
  throw conflict(group, plural, target.name)
}

function admitChange(
  target: ObjectTarget,
  stored: StoredObject,
  wanted: Wanted,
  options: WriteOptions,
  warnings: Warnings,
): JsonObject {
  const { served } = target
  const { definition } = served
  const before = present(stored, served)
  const shaped = shapeObject(wanted.object, wanted.duplicates, served, options, warnings)
  const { resourceVersion = '' } = metadataOf(shaped)
  // As in Kubernetes, a status that was written meanwhile is another state too.
  if (resourceVersion !== '' && resourceVersion !== String(stored.revision))
    throw conflict(definition.group, definition.plural, target.name)
  const after = partOf(target, shaped, before)
  const prepared = definition.prepare?.(after, before) ?? after
  checkObject(prepared, before, definition, warnings)
  return withApiVersion(wanted.own(withGeneration(prepared, before, definition)), definition)
}

/** The status is changed by writing to it alone, and everything else by writing to the object itself. */
function partOf(target: ObjectTarget, shaped: JsonObject, before: JsonObject): JsonObject {
  const metadata = metadataOfChanged(metadataOf(shaped), metadataOf(before), target)
  const { status, ...rest } = shaped
  if (target.subresource === 'status') {
    const { status: _, ...kept } = before
    const { managedFields } = metadata
    const own = { ...metadataOf(before), ...(managedFields === undefined ? {} : { managedFields }) }
    return { ...kept, metadata: own, ...(status === undefined ? {} : { status }) }
  }
  if (!target.served.definition.hasStatus) return { ...shaped, metadata }
  return { ...rest, metadata, ...(before.status === undefined ? {} : { status: before.status }) }
}

/** Undefined when somebody else wrote meanwhile. An object that was deleted goes when its last finalizer does. */
async function writeChange(
  { store }: WriteContext,
  stored: StoredObject,
  value: JsonObject,
  options: WriteOptions,
  warnings: Warnings,
): Promise<WriteResult | undefined> {
  const { key, revision } = stored
  if (equalJson(value, stored.value)) return { object: stored, outcome: 'unchanged', warnings }
  checkSize(value, stored.value)
  const changed = { object: { key, revision, value }, outcome: 'changed', warnings } as const
  if (options.dryRun) return changed
  if (isBeingDeleted(value) && !hasFinalizers(value)) {
    const gone = await store.delete(key, revision)
    return gone.kind === 'conflict' ? undefined : { ...changed, outcome: 'deleted' }
  }
  const written = await store.put(key, value, revision)
  return written.kind === 'conflict' ? undefined : { ...changed, object: written.object }
}
