import type { JsonMap } from '#kube/json-value.ts'
import { objectSchema } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { badRequest } from '#kube/status-errors.ts'
import type { ApplyConflict } from './apply-conflict.ts'
import { FieldSet, formatSteps } from './field-set.ts'
import { lastAppliedFields, withLastApplied } from './last-applied.ts'
import {
  decodeManagedFields,
  isSameWriter,
  type ManagedFields,
  managedFieldsOf,
  timeText,
  type Writer,
  withManagedFields,
} from './managed-fields.ts'
import { mergeApplied, pruneAbandoned } from './merge-applied.ts'
import { changesBetween, fieldSetOf } from './owned-fields.ts'
import { SYSTEM_FIELDS, withoutServerFields } from './system-fields.ts'

/** A server-side apply: what somebody wants of an object, and the object as it is. */
export interface Application {
  /** Undefined: the object is to be created. */
  readonly live: JsonMap | undefined
  readonly applied: JsonMap
  /** `fieldManager` of the request. */
  readonly manager: string
  /** Takes fields away from other managers instead of a conflict. */
  readonly force: boolean
  /** A kind's schema, or that of its whole objects. */
  readonly schema: Schema
  /** The version that the request is made in. */
  readonly apiVersion: string
  /** Default "": the object itself. */
  readonly subresource?: string
  readonly now: Date
}

export type ApplyOutcome =
  /** `value` is `live` itself when the application changed nothing, its managedFields included. */
  | { readonly kind: 'applied'; readonly value: JsonMap }
  | { readonly kind: 'conflict'; readonly conflicts: readonly ApplyConflict[] }

/**
 * Lays an applied configuration over an object. The manager comes to own what it applies; what it owned before, leaves out now and nobody else
 * owns is removed. It is a conflict to change a field that somebody else owns; to apply the value that it has is none, and shares the field. Throws a StatusError
 * (BadRequest) for configurations that cannot be merged.
 */
export function applyConfiguration(application: Application): ApplyOutcome {
  const { live, manager, apiVersion, now } = application
  const schema = objectSchema(application.schema)
  const given = managedFieldsOf(application.applied)
  if (Array.isArray(given) && given.length > 0) throw badRequest('metadata.managedFields must be nil')
  const applied = withoutServerFields(application.applied)
  const writer: Writer = { manager, operation: 'Apply', apiVersion, subresource: application.subresource ?? '' }
  const entries = decodeManagedFields(managedFieldsOf(live)) ?? []
  const former = entries.find((entry) => isSameWriter(entry, writer))
  const others = entries.filter((entry) => entry !== former)
  const before = former?.fields ?? FieldSet.empty
  const fields = fieldSetOf(applied, schema).difference(SYSTEM_FIELDS)

  // What the server keeps is never abandoned.
  const owned = others.reduce((all, entry) => all.union(entry.fields), fields.union(SYSTEM_FIELDS))
  const merged = mergeApplied(live, applied, schema)
  const value = pruneAbandoned(merged, before, owned, schema) as JsonMap
  const changes = changesBetween(live ?? { metadata: {} }, value, schema)
  const set = changes.set.difference(SYSTEM_FIELDS)
  const removed = changes.removed.difference(SYSTEM_FIELDS)

  const excused = lastAppliedFields(live, manager, schema)
  const conflicts = others.flatMap((entry) => conflictsWith(entry, set.difference(excused)))
  if (conflicts.length > 0 && !application.force) return { kind: 'conflict', conflicts }
  const left = others.map((entry) => ({ ...entry, fields: entry.fields.difference(set).difference(removed) }))
  const annotated = withLastApplied(value, applied, manager)
  const isSame = set.isEmpty && removed.isEmpty && annotated === value && before.equals(fields)
  if (isSame && live !== undefined) return { kind: 'applied', value: live }
  const time = timeText(now)
  return { kind: 'applied', value: withManagedFields(annotated, [...left, { ...writer, time, fields }]) }
}

function conflictsWith(entry: ManagedFields, set: FieldSet): readonly ApplyConflict[] {
  const { manager, operation, apiVersion, subresource } = entry
  const paths = [...entry.fields.intersection(set).paths()]
  return paths.map((path) => ({ manager, operation, apiVersion, subresource, field: formatSteps(path) }))
}
