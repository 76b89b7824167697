import type { JsonObject } from '#api/kind.ts'
import { alreadyExists } from '#kube/status-errors.ts'
import { checkObject, shapeObject, type Warnings } from './admit.ts'
import { type Body, decodeObject, ofKind } from './decode-object.ts'
import { checkNamespace } from './namespaces.ts'
import { checkSize } from './object-size.ts'
import { recordUpdate } from './ownership.ts'
import { metadataOf, metadataOfNew } from './prepare-metadata.ts'
import { keyOf, type ObjectTarget } from './target.ts'
import { withApiVersion } from './versions.ts'
import type { WriteContext, WriteResult } from './write-context.ts'
import type { WriteOptions } from './write-options.ts'

/** A made-up name that is taken is made up again, so often. */
const GENERATE_ATTEMPTS = 8

/** Creates the object of a body in the collection that `target` names; its own name is in the body. */
export async function createObject(
  context: WriteContext,
  target: ObjectTarget,
  body: Body,
  options: WriteOptions,
): Promise<WriteResult> {
  const { object, duplicates } = decodeObject(body)
  const warnings: Warnings = []
  const shaped = shapeObject(ofKind(object, target.served), duplicates, target.served, options, warnings)
  const named = typeof metadataOf(shaped).name === 'string' && metadataOf(shaped).name !== ''
  for (let attempt = 1; ; attempt++) {
    const made = recordUpdate(admitNew(context, target, shaped, warnings), undefined, target, options, context.now())
    const result = await insert(context, target, made, options, warnings)
    if (result !== undefined) return result
    if (named || attempt === GENERATE_ATTEMPTS) {
      const { group, plural } = target.served.definition
      throw alreadyExists(group, plural, String(metadataOf(made).name))
    }
  }
}

/** A new object with everything that the server adds, checked. Throws a StatusError. */
export function admitNew(
  context: WriteContext,
  target: ObjectTarget,
  shaped: JsonObject,
  warnings: Warnings,
): JsonObject {
  const { definition } = target.served
  const metadata = metadataOfNew(metadataOf(shaped), target, context.now())
  checkNamespace(context.store, context.registry, target, String(metadata.name))
  const { status: _, ...wanted } = shaped
  // A status that is a resource of its own is set there alone.
  const object = { ...(definition.hasStatus ? wanted : shaped), metadata }
  const prepared = definition.prepare?.(object) ?? object
  checkObject(prepared, undefined, definition, warnings)
  return prepared
}

/** Writes a new object; undefined when the name is taken. */
export async function insert(
  context: WriteContext,
  target: ObjectTarget,
  object: JsonObject,
  options: Pick<WriteOptions, 'dryRun'>,
  warnings: Warnings,
): Promise<WriteResult | undefined> {
  const { store } = context
  const key = keyOf({ ...target, name: String(metadataOf(object).name) })
  if (store.get(key) !== undefined) return undefined
  const value = withApiVersion(object, target.served.definition)
  checkSize(value, undefined)
  if (options.dryRun) return { object: { key, revision: 0, value }, outcome: 'created', warnings }
  const written = await store.put(key, value, 0)
  return written.kind === 'conflict' ? undefined : { object: written.object, outcome: 'created', warnings }
}
