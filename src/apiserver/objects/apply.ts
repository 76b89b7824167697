import type { JsonObject } from '#api/kind.ts'
import { applyConfiguration } from '#kube/apply/apply-configuration.ts'
import { applyConflict } from '#kube/apply/apply-conflict.ts'
import { respell } from '#kube/field-spelling.ts'
import { badRequest, conflict } from '#kube/status-errors.ts'
import { schemaOf, shapeObject, type Warnings } from './admit.ts'
import { changeObject } from './change.ts'
import { admitNew, insert } from './create.ts'
import { decodeYaml, isObject, ofKind } from './decode-object.ts'
import { metadataOf } from './prepare-metadata.ts'
import { keyOf, type ObjectTarget } from './target.ts'
import type { WriteContext, WriteResult } from './write-context.ts'
import type { WriteOptions } from './write-options.ts'

/** An object that comes and goes meanwhile is applied to again, so often. */
const ATTEMPTS = 8

/** Server-side apply: creates the object, or lays what is applied over it. Throws a StatusError `Conflict` that names who owns which fields. */
export async function applyObject(
  context: WriteContext,
  target: ObjectTarget,
  text: string,
  options: WriteOptions,
): Promise<WriteResult> {
  const { applied: written, duplicates } = readApplied(text, target)
  const complaints: Warnings = []
  // Fields that are not there are told of what was sent, not of what comes of it.
  shapeObject(written, duplicates, target.served, options, complaints)
  const applied = respell(written, schemaOf(target.served.definition)) as JsonObject
  const key = keyOf(target)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (context.store.get(key) !== undefined) return changeByApplying(context, target, applied, options, complaints)
    const merged = merge(context, target, undefined, applied, options)
    const shaped = shapeObject(merged, [], target.served, { fieldValidation: 'Ignore' }, [])
    const warnings: Warnings = [...complaints]
    const result = await insert(context, target, admitNew(context, target, shaped, warnings), options, warnings)
    if (result !== undefined) return result
  }
  throw conflict(target.served.definition.group, target.served.definition.plural, target.name)
}

async function changeByApplying(
  context: WriteContext,
  target: ObjectTarget,
  applied: JsonObject,
  options: WriteOptions,
  complaints: Warnings,
): Promise<WriteResult> {
  const { group, plural } = target.served.definition
  const wanted = metadataOf(applied).resourceVersion
  const lenient = { ...options, fieldValidation: 'Ignore' } as const
  const result = await changeObject(context, target, lenient, (before, stored) => {
    if (wanted !== undefined && wanted !== String(stored.revision)) throw conflict(group, plural, target.name)
    const object = merge(context, target, before, applied, options)
    return { object, duplicates: [], own: (admitted) => admitted }
  })
  return { ...result, warnings: [...complaints, ...result.warnings] }
}

function merge(
  { now }: WriteContext,
  { served, subresource }: ObjectTarget,
  live: JsonObject | undefined,
  applied: JsonObject,
  options: WriteOptions,
): JsonObject {
  const outcome = applyConfiguration({
    live,
    applied,
    manager: options.fieldManager,
    force: options.force,
    schema: schemaOf(served.definition),
    apiVersion: served.apiVersion,
    subresource,
    now: now(),
  })
  if (outcome.kind === 'applied') return outcome.value
  throw applyConflict(outcome.conflicts)
}

function readApplied(text: string, target: ObjectTarget): { applied: JsonObject; duplicates: readonly string[] } {
  const { value: applied, duplicates } = decodeYaml(text)
  if (!isObject(applied)) throw badRequest('the body of the request is no object')
  const object = ofKind(applied, target.served)
  const { name = target.name, namespace } = metadataOf(applied)
  if (name !== target.name) {
    throw badRequest(`the name of the object (${String(name)}) does not match the name on the URL (${target.name})`)
  }
  if (namespace !== undefined && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  const place = target.namespace === '' ? {} : { namespace: target.namespace }
  return { applied: { ...object, metadata: { ...metadataOf(object), name, ...place } }, duplicates }
}
