import { fieldName } from './field-spelling.ts'
import { getOwn, isJsonMap, type JsonMap, setOwn } from './json-value.ts'
import type { Schema } from './schema.ts'
import { childField, duplicateValue } from './schema-validation.ts'
import type { StatusCause } from './status.ts'

/** A value with the fields of its schema only. */
export interface Pruned {
  readonly value: unknown
  /** Paths of what was taken away, sorted, as Kubernetes writes them: `unknown field "spec.port"`. */
  readonly unknown: readonly string[]
  /** Fields that are given in both spellings (`targetPort` and `target_port`): whichever is meant, the object is refused. */
  readonly faults: readonly StatusCause[]
}

/**
 * Takes away the fields that no schema names and renames snake_case spellings to the lowerCamelCase ones, which protobuf JSON accepts alike
 * (spec 1.0). Schemas that preserve unknown fields, and those without a type, keep everything. The value itself is not changed.
 */
export function pruneUnknownFields(value: unknown, schema: Schema): Pruned {
  const unknown: string[] = []
  const faults: StatusCause[] = []
  const pruned = prune(value, schema, '', { unknown, faults })
  return { value: pruned, unknown: unknown.sort(), faults }
}

interface Found {
  readonly unknown: string[]
  readonly faults: StatusCause[]
}

function prune(value: unknown, schema: Schema, field: string, found: Found): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? value : value.map((item, index) => prune(item, items, `${field}[${index}]`, found))
  }
  return isJsonMap(value) ? pruneMap(value, schema, field, found) : value
}

function pruneMap(map: JsonMap, schema: Schema, field: string, found: Found): JsonMap {
  const { properties, additionalProperties } = schema
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.type === undefined
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(map)) {
    const name = fieldName(schema, key)
    const property = getOwn(properties, name)
    if (property !== undefined) {
      if (Object.hasOwn(kept, name) || (name !== key && Object.hasOwn(map, name))) {
        found.faults.push(duplicateValue(childField(field, name), key))
      } else {
        setOwn(kept, name, prune(value, property, childField(field, name), found))
      }
    } else if (additionalProperties !== undefined) {
      setOwn(kept, key, prune(value, additionalProperties, childField(field, key), found))
    } else if (keepsUnknown) {
      setOwn(kept, key, value)
    } else {
      found.unknown.push(childField(field, key))
    }
  }
  return kept
}

/**
 * The value with the schema's defaults where fields are absent. Fields that are null and may not be are absent too, and go. The value itself is not
 * changed, and comes back as it is when nothing is to be filled in.
 */
export function applyDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return value
    const filled = value.map((item) => applyDefaults(item, items))
    return filled.some((item, index) => item !== value[index]) ? filled : value
  }
  return isJsonMap(value) ? fillMap(value, schema) : value
}

function fillMap(map: JsonMap, schema: Schema): JsonMap {
  const { properties = {}, additionalProperties } = schema
  const filled: Record<string, unknown> = {}
  let changed = false
  for (const [name, value] of Object.entries(map)) {
    const property = getOwn(properties, name) ?? additionalProperties
    if (value === null && property !== undefined && isTyped(property) && !property.nullable) {
      changed = true
      continue
    }
    const child = property === undefined ? value : applyDefaults(value, property)
    changed ||= child !== value
    setOwn(filled, name, child)
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.default === undefined || Object.hasOwn(filled, name)) continue
    setOwn(filled, name, applyDefaults(structuredClone(property.default), property))
    changed = true
  }
  return changed ? filled : map
}

function isTyped(schema: Schema): boolean {
  return schema.type !== undefined || schema['x-kubernetes-int-or-string'] === true
}
