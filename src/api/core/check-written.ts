import type { JsonObject, KindDefinition } from '#api/kind.ts'
import { decodeObjectMeta } from '#api/object-meta.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { objectSchema } from '#kube/object-schema.ts'
import { applyDefaults, pruneUnknownFields } from '#kube/schema-pruning.ts'
import { validateSchema } from '#kube/schema-validation.ts'
import { mapAt } from './object-fields.ts'

/**
 * Checks an object of a core kind as it stands in a file: by its schema, and by its rules when it fits that. Fields that Postern does not know are
 * warnings, since Kubernetes gains new ones with every version. Never throws.
 */
export function checkWritten(definition: KindDefinition, written: JsonObject, report: Report): void {
  const schema = objectSchema(definition.schema)
  const { value, unknown, faults } = pruneUnknownFields(written, schema)
  for (const field of unknown) report.warn(pathOf(field), `unknown field ${JSON.stringify(field)}`)
  const object = applyDefaults(value, schema) as JsonObject
  decodeObjectMeta(mapAt(object, 'metadata'), ['metadata'], report)
  for (const { field = '', message } of [...faults, ...validateSchema(object, schema)]) {
    if (!report.isBroken(pathOf(field))) report.error(pathOf(field), message)
  }
  if (!report.hasErrors) definition.check(definition.prepare?.(object) ?? object, report)
}

/** The path that Kubernetes writes as `spec.ports[0].name`; a key with dots in it counts as several steps, of which those that are there are found. */
function pathOf(field: string): FieldPath {
  const steps = field.split(/[.[\]]+/).filter((step) => step !== '')
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}
