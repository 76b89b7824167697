import type { JsonObject } from '#api/kind.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import { applyJsonPatch } from '#kube/patch/json-patch.ts'
import { applyMergePatch } from '#kube/patch/merge-patch.ts'
import { invalidField } from '#kube/schema-validation.ts'
import { badRequest, conflict, invalid, unsupportedMediaType } from '#kube/status-errors.ts'
import { changeObject } from './change.ts'
import { type Body, decodeJson, decodeObject, isObject } from './decode-object.ts'
import type { ServedKind } from './kind-registry.ts'
import { recordUpdate } from './ownership.ts'
import { JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH } from './patch.ts'
import { metadataOf } from './prepare-metadata.ts'
import { present } from './presented.ts'
import type { ObjectTarget } from './target.ts'
import type { WriteContext, WriteResult } from './write-context.ts'
import type { WriteOptions } from './write-options.ts'

const PATCHES = [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]

/** Whether a kind has replicas, so that `kubectl scale` can set them. */
export function hasScale({ schema, isCore }: ServedKind['definition']): boolean {
  return isCore && schema.properties?.spec?.properties?.replicas !== undefined
}

/** How many replicas an object has and shall have, as autoscaling/v1 Scale. */
export function scaleOf(stored: StoredObject, served: ServedKind): JsonObject {
  const { metadata, spec, status } = present(stored, served)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata as JsonObject
  const { selector, replicas = 0 } = isObject(spec) ? spec : {}
  const { replicas: running = 0 } = isObject(status) ? status : {}
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas },
    status: { replicas: running, selector: selectorText(selector) },
  }
}

/** Sets the replicas of an object by a Scale, or a patch of the one that it has. Throws a StatusError. */
export async function scaleObject(
  context: WriteContext,
  target: ObjectTarget,
  body: Body,
  options: WriteOptions,
  isPatch: boolean,
): Promise<WriteResult> {
  const wanted = isPatch ? readScalePatch(body) : () => decodeObject(body).object
  const { group, plural } = target.served.definition
  return changeObject(context, target, options, (before, stored) => {
    const scale = wanted(scaleOf(stored, target.served))
    const { resourceVersion } = isObject(scale.metadata) ? scale.metadata : {}
    if (typeof resourceVersion === 'string' && resourceVersion !== '' && resourceVersion !== String(stored.revision)) {
      throw conflict(group, plural, target.name)
    }
    const spec = isObject(before.spec) ? before.spec : {}
    return {
      object: { ...before, metadata: metadataOf(before), spec: { ...spec, replicas: replicasOf(scale, target) } },
      duplicates: [],
      own: (admitted) => recordUpdate(admitted, before, target, options, context.now()),
    }
  })
}

function readScalePatch({ text, mediaType }: Body): (scale: JsonObject) => JsonObject {
  if (!PATCHES.includes(mediaType)) throw unsupportedMediaType(PATCHES)
  const { value } = decodeJson(text)
  return (scale) => {
    const patched = mediaType === JSON_PATCH ? applyJsonPatch(scale, value) : applyMergePatch(scale, value)
    if (!isObject(patched)) throw badRequest('the patch leaves no object')
    return patched
  }
}

function replicasOf(scale: JsonObject, target: ObjectTarget): number {
  const { replicas = 0 } = isObject(scale.spec) ? scale.spec : {}
  if (typeof replicas === 'number' && Number.isInteger(replicas) && replicas >= 0) return replicas
  const fault = invalidField('spec.replicas', replicas, 'must be greater than or equal to 0')
  throw invalid('autoscaling', 'Scale', target.name, [fault])
}

/** A label selector as `-l` takes it. */
function selectorText(selector: unknown): string {
  const { matchLabels } = isObject(selector) ? selector : {}
  const labels = Object.entries(isObject(matchLabels) ? matchLabels : {})
  return labels.map(([key, value]) => `${key}=${String(value)}`).join(',')
}
