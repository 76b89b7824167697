import { isJsonMap, type JsonMap } from '#kube/json-value.ts'
import { objectSchema } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { FieldSet } from './field-set.ts'
import {
  decodeManagedFields,
  isSameWriter,
  type ManagedFields,
  managedFieldsOf,
  timeText,
  type Writer,
  withManagedFields,
} from './managed-fields.ts'
import { changesBetween } from './owned-fields.ts'
import { SYSTEM_FIELDS } from './system-fields.ts'

/** A write that is no server-side apply: create, update or a patch. */
export interface TrackedUpdate {
  /** Undefined: the object is being created. */
  readonly before: JsonMap | undefined
  readonly after: JsonMap
  /** `fieldManager` of the request, or what its user agent begins with. */
  readonly manager: string
  readonly operation: 'Update'
  /** A kind's schema, or that of its whole objects. */
  readonly schema: Schema
  /** The version that the request is made in. */
  readonly apiVersion: string
  /** Default "": the object itself. */
  readonly subresource?: string
  readonly now: Date
}

/**
 * The written object with managedFields that say who set what: fields that changed belong to the writer alone, removed ones to nobody. A writer that
 * sends managedFields of its own sets them (a list of one empty entry empties them); broken or missing ones do not count.
 */
export function trackUpdate(update: TrackedUpdate): JsonMap {
  const { before, after, manager, operation, apiVersion, subresource = '', now } = update
  const changes = changesBetween(before ?? { metadata: {} }, after, objectSchema(update.schema))
  const set = changes.set.difference(SYSTEM_FIELDS)
  const removed = changes.removed.difference(SYSTEM_FIELDS)
  const writer: Writer = { manager, operation, apiVersion, subresource }
  const left = entriesBefore(before, after, subresource).map((entry) => ({
    ...entry,
    fields: entry.fields.difference(set).difference(removed),
  }))
  if (set.isEmpty) return withManagedFields(after, left)
  const others = left.filter((entry) => !isSameWriter(entry, writer))
  const former = left.find((entry) => isSameWriter(entry, writer))?.fields ?? FieldSet.empty
  return withManagedFields(after, [...others, { ...writer, time: timeText(now), fields: former.union(set) }])
}

/** What a subresource is sent says nothing of who owns the object. */
function entriesBefore(before: JsonMap | undefined, after: JsonMap, subresource: string): readonly ManagedFields[] {
  const given = subresource === '' ? managedFieldsOf(after) : undefined
  if (Array.isArray(given) && given.length === 1 && isJsonMap(given[0]) && Object.keys(given[0]).length === 0) return []
  const sent = decodeManagedFields(given) ?? []
  return sent.length > 0 ? sent : (decodeManagedFields(managedFieldsOf(before)) ?? [])
}
