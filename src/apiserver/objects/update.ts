import { invalidField } from '#kube/schema-validation.ts'
import { invalid } from '#kube/status-errors.ts'
import { changeObject } from './change.ts'
import { type Body, decodeObject, ofKind } from './decode-object.ts'
import { recordUpdate } from './ownership.ts'
import { checkName, metadataOf } from './prepare-metadata.ts'
import { readObject } from './read.ts'
import type { ObjectTarget } from './target.ts'
import type { WriteContext, WriteResult } from './write-context.ts'
import type { WriteOptions } from './write-options.ts'

/** Replaces an object, or its status, by that of a body. */
export async function updateObject(
  context: WriteContext,
  target: ObjectTarget,
  body: Body,
  options: WriteOptions,
): Promise<WriteResult> {
  const { object: sent, duplicates } = decodeObject(body)
  const object = ofKind(sent, target.served)
  const { group, plural, isCore } = target.served.definition
  const { name, resourceVersion } = metadataOf(object)
  if (typeof name === 'string') checkName(name, target)
  readObject(context.store, target)
  if (!isCore && (resourceVersion === undefined || resourceVersion === '')) {
    const fault = invalidField('metadata.resourceVersion', 0, 'must be specified for an update')
    // Kubernetes names the resource here, and not the kind.
    throw invalid(group, plural, target.name, [fault])
  }
  return changeObject(context, target, options, (before) => ({
    object,
    duplicates,
    own: (admitted) => recordUpdate(admitted, before, target, options, context.now()),
  }))
}
