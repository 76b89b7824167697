import type { JsonObject, KindDefinition } from '#api/kind.ts'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { objectSchema } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { applyDefaults, pruneUnknownFields } from '#kube/schema-pruning.ts'
import { validateSchema } from '#kube/schema-validation.ts'
import type { StatusCause } from '#kube/status.ts'
import { badRequest, invalid } from '#kube/status-errors.ts'
import type { ServedKind } from './kind-registry.ts'
import { metadataOf } from './prepare-metadata.ts'
import type { WriteOptions } from './write-options.ts'

/** Told to the client beside the answer: kubectl prints each as `Warning: ...`. */
export type Warnings = string[]

/** Kubernetes says so of custom resources when the kind's own rules had to be left out; kubectl lists it beside the others. */
const RULES_NOT_CHECKED: StatusCause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
}

const schemas = new WeakMap<KindDefinition, Schema>()

/** The schema of whole objects of a kind, metadata included. */
export function schemaOf(definition: KindDefinition): Schema {
  const known = schemas.get(definition)
  if (known !== undefined) return known
  const { properties, ...rest } = objectSchema(definition.schema)
  const head = {
    apiVersion: { type: 'string', description: 'The group and version that the object is written in.' },
    kind: { type: 'string', description: `What the object is: ${definition.kind}.` },
  } as const
  const schema = { ...rest, description: definition.description, properties: { ...properties, ...head } }
  schemas.set(definition, schema)
  return schema
}

/**
 * The first half of admission: fields that the kind does not have are refused, warned of or dropped, and absent ones that have a default get it.
 * Throws a StatusError `BadRequest` when the client asked to be strict, or when metadata cannot be metadata.
 */
export function shapeObject(
  object: JsonObject,
  duplicates: readonly string[],
  served: ServedKind,
  options: Pick<WriteOptions, 'fieldValidation'>,
  warnings: Warnings,
): JsonObject {
  const { definition, version } = served
  const schema = schemaOf(definition)
  const { value, unknown, faults } = pruneUnknownFields(object, schema)
  const complaints = [
    ...duplicates.map((field) => `duplicate field ${JSON.stringify(field)}`),
    ...unknown.map((field) => `unknown field ${JSON.stringify(field)}`),
  ]
  if (options.fieldValidation === 'Strict' && complaints.length > 0) {
    throw undecodable(definition.kind, version, `strict decoding error: ${complaints.join(', ')}`)
  }
  if (options.fieldValidation === 'Warn') warnings.push(...complaints)
  const shaped = applyDefaults(value, schema) as JsonObject
  const broken = validateSchema(shaped.metadata ?? {}, schema.properties?.metadata as Schema, ['metadata'])[0]
  if (broken !== undefined) throw undecodable(definition.kind, version, `${broken.field}: ${broken.message}`)
  if (faults.length > 0) throw invalid(definition.group, definition.kind, nameOf(shaped), faults)
  return shaped
}

/**
 * The second half: types and bounds of all fields, then the kind's own rules, and what may not change. Throws a StatusError `Invalid` that names
 * every fault.
 */
export function checkObject(
  object: JsonObject,
  before: JsonObject | undefined,
  definition: KindDefinition,
  warnings: Warnings,
): void {
  const { group, kind, isCore, writeWarning } = definition
  if (writeWarning !== undefined) warnings.push(writeWarning)
  const structural = validateSchema(object, schemaOf(definition))
  if (structural.length > 0) {
    throw invalid(group, kind, nameOf(object), isCore ? structural : [...structural, RULES_NOT_CHECKED])
  }
  const report = new Report()
  definition.check(object, report)
  if (before !== undefined) definition.checkUpdate?.(before, object, report)
  const errors: StatusCause[] = []
  for (const { level, path, text } of report.findings) {
    if (level === 'error') errors.push({ reason: causeReason(text), message: text, field: formatPath(path) })
    else warnings.push(path.length === 0 ? text : `${formatPath(path)}: ${text}`)
  }
  if (errors.length > 0) throw invalid(group, kind, nameOf(object), errors)
}

/** What Kubernetes calls a fault that begins with these words; any other is `FieldValueInvalid`. */
const CAUSE_REASONS: readonly (readonly [string, string])[] = [
  ['Required value', 'FieldValueRequired'],
  ['Duplicate value', 'FieldValueDuplicate'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Unsupported value', 'FieldValueNotSupported'],
  ['Too long', 'FieldValueTooLong'],
  ['Too many', 'FieldValueTooMany'],
]

function causeReason(text: string): string {
  return CAUSE_REASONS.find(([words]) => text.startsWith(words))?.[1] ?? 'FieldValueInvalid'
}

function undecodable(kind: string, version: string, why: string): Error {
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`)
}

function nameOf(object: JsonObject): string {
  const { name } = metadataOf(object)
  return typeof name === 'string' ? name : ''
}
