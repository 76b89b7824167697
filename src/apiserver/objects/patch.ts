import type { JsonObject } from '#api/kind.ts'
import { lastAppliedOf } from '#kube/apply/last-applied.ts'
import { respell, respellJsonPatch } from '#kube/field-spelling.ts'
import { applyJsonPatch } from '#kube/patch/json-patch.ts'
import { applyMergePatch } from '#kube/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '#kube/patch/strategic-merge-patch.ts'
import { badRequest, unsupportedMediaType } from '#kube/status-errors.ts'
import { schemaOf } from './admit.ts'
import { applyObject } from './apply.ts'
import { changeObject } from './change.ts'
import { type Body, decodeJson, isObject, ofKind } from './decode-object.ts'
import type { ServedKind } from './kind-registry.ts'
import { recordUpdate } from './ownership.ts'
import type { ObjectTarget } from './target.ts'
import type { WriteContext, WriteResult } from './write-context.ts'
import type { WriteOptions } from './write-options.ts'

export const JSON_PATCH = 'application/json-patch+json'
export const MERGE_PATCH = 'application/merge-patch+json'
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
export const APPLY_PATCH = 'application/apply-patch+yaml'

/** The kinds of patches that a kind takes: strategic merges need to know how each list is merged, as for core kinds. */
export function patchTypesOf({ definition }: ServedKind): readonly string[] {
  return [JSON_PATCH, MERGE_PATCH, ...(definition.isCore ? [STRATEGIC_PATCH] : []), APPLY_PATCH]
}

/** Changes an object, or its status, by a patch of what it is. Throws a StatusError. */
export async function patchObject(
  context: WriteContext,
  target: ObjectTarget,
  body: Body,
  options: WriteOptions,
): Promise<WriteResult> {
  if (body.mediaType === APPLY_PATCH) return applyObject(context, target, body.text, options)
  const patch = readPatch(target.served, body)
  return changeObject(context, target, options, (before) => {
    const object = patch.apply(before)
    if (!isObject(object)) throw badRequest('the patch leaves no object')
    return {
      object: ofKind(object, target.served),
      duplicates: patch.duplicates,
      own: (admitted) => recordUpdate(admitted, before, target, options, context.now()),
    }
  })
}

interface Patch {
  readonly duplicates: readonly string[]
  readonly apply: (before: JsonObject) => unknown
}

function readPatch(served: ServedKind, { text, mediaType }: Body): Patch {
  if (!patchTypesOf(served).includes(mediaType)) throw unsupportedMediaType(patchTypesOf(served))
  const { value, duplicates } = decodeJson(text)
  const schema = schemaOf(served.definition)
  if (mediaType === JSON_PATCH) {
    const operations = respellJsonPatch(value, schema)
    return { duplicates, apply: (before) => applyJsonPatch(before, operations) }
  }
  if (!isObject(value)) throw badRequest('the patch must be a map')
  const patch = respell(value, schema, lastAppliedOf(value))
  if (mediaType === MERGE_PATCH) return { duplicates, apply: (before) => applyMergePatch(before, patch) }
  return { duplicates, apply: (before) => applyStrategicMergePatch(before, patch, schema) }
}
