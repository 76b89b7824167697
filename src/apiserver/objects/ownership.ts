import type { JsonObject } from '#api/kind.ts'
import { trackUpdate } from '#kube/apply/track-update.ts'
import { schemaOf } from './admit.ts'
import type { ObjectTarget } from './target.ts'
import type { WriteOptions } from './write-options.ts'

/** The object with managedFields that say which of its fields this write set; `before` is undefined for a new one. */
export function recordUpdate(
  admitted: JsonObject,
  before: JsonObject | undefined,
  target: ObjectTarget,
  options: WriteOptions,
  now: Date,
): JsonObject {
  return trackUpdate({
    before,
    after: admitted,
    manager: options.fieldManager,
    operation: 'Update',
    schema: schemaOf(target.served.definition),
    apiVersion: target.served.apiVersion,
    subresource: target.subresource,
    now,
  })
}
