import type { FieldPath } from './field-path.ts'
import { getOwn, isJsonMap, type JsonMap } from './json-value.ts'
import type { Schema } from './schema.ts'
import type { StatusCause } from './status.ts'

/**
 * All structural faults of a value, in the words and the order of the Kubernetes API server: elements before the list's own bounds, fields that are
 * given before those that are missing. Null is a value of no type: `applyDefaults` takes nulls away before.
 */
export function validateSchema(value: unknown, schema: Schema, path: FieldPath = []): readonly StatusCause[] {
  const faults: StatusCause[] = []
  validate(value, schema, fieldText(path), faults)
  return faults
}

/** A path as Kubernetes writes it: keys of maps after a dot, whatever they look like. */
export function fieldText(path: FieldPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : childField(text, step)),
    '',
  )
}

export function childField(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`
}

function validate(value: unknown, schema: Schema, field: string, faults: StatusCause[]): void {
  const types = typesOf(schema)
  const type = typeOf(value)
  if (types.length > 0 && !hasType(type, types) && !(type === 'null' && schema.nullable)) {
    faults.push(wrongType(field, types.join(), type))
  } else if (typeof value === 'string') {
    validateString(value, schema, field, faults)
  } else if (typeof value === 'number') {
    validateNumber(value, schema, field, faults)
  } else if (Array.isArray(value)) {
    validateList(value, schema, field, faults)
  }
  if (schema.enum !== undefined && !(schema.enum as readonly unknown[]).includes(value) && type !== 'null') {
    faults.push(notSupported(field, value, schema.enum))
  }
  if (isJsonMap(value) && hasType('object', types)) validateMap(value, schema, field, faults)
}

function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string']
  return schema.type === undefined ? [] : [schema.type]
}

function hasType(type: string, types: readonly string[]): boolean {
  return types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'))
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Stops at the first fault, as Kubernetes does. */
function validateString(value: string, schema: Schema, field: string, faults: StatusCause[]): void {
  const { maxLength, minLength, pattern, format } = schema
  if (maxLength !== undefined && characters(value) > maxLength) {
    const bytes = maxLength === 1 ? 'byte' : 'bytes'
    faults.push({ reason: 'FieldValueTooLong', message: `Too long: may not be more than ${maxLength} ${bytes}`, field })
  } else if (minLength !== undefined && characters(value) < minLength) {
    faults.push(invalidValue(field, value, `should be at least ${minLength} chars long`))
  } else if (pattern !== undefined && !compiled(pattern).test(value)) {
    faults.push(invalidValue(field, value, `should match '${pattern}'`))
  } else if ((format === 'date-time' && !DATE_TIME.test(value)) || (format === 'byte' && !BASE64.test(value))) {
    faults.push({ ...invalidValue(field, value, ''), ...wrongType(field, format, value) })
  }
}

const INT32 = { minimum: -2_147_483_648, maximum: 2_147_483_647 }

function validateNumber(value: number, schema: Schema, field: string, faults: StatusCause[]): void {
  const bounds = schema.format === 'int32' ? { ...INT32, ...schema } : schema
  const { minimum, maximum } = bounds
  if (maximum !== undefined && value > maximum) {
    faults.push(invalidValue(field, value, `should be less than or equal to ${maximum}`))
  }
  if (minimum !== undefined && value < minimum) {
    faults.push(invalidValue(field, value, `should be greater than or equal to ${minimum}`))
  }
}

function validateList(list: readonly unknown[], schema: Schema, field: string, faults: StatusCause[]): void {
  const { items, minItems, maxItems } = schema
  if (items !== undefined) {
    for (const [index, item] of list.entries()) validate(item, items, `${field}[${index}]`, faults)
  }
  if (minItems !== undefined && list.length < minItems) {
    faults.push(invalidValue(field, list.length, `should have at least ${minItems} items`))
  }
  if (maxItems !== undefined && list.length > maxItems) faults.push(tooMany(field, list.length, maxItems))
}

function validateMap(map: JsonMap, schema: Schema, field: string, faults: StatusCause[]): void {
  const { properties, additionalProperties, required = [], maxProperties } = schema
  const names = Object.keys(map)
  if (maxProperties !== undefined && names.length > maxProperties) {
    faults.push(tooMany(field, names.length, maxProperties))
    return
  }
  if (additionalProperties !== undefined) {
    for (const name of names) {
      if (getOwn(properties, name) === undefined) {
        validate(map[name], additionalProperties, childField(field, name), faults)
      }
    }
  }
  for (const [name, property] of Object.entries(properties ?? {})) {
    if (Object.hasOwn(map, name)) validate(map[name], property, childField(field, name), faults)
  }
  for (const name of required) {
    if (!Object.hasOwn(map, name)) faults.push(requiredValue(childField(field, name)))
  }
}

/** A field that must be there is not. */
export function requiredValue(field: string, why = ''): StatusCause {
  return { reason: 'FieldValueRequired', message: why === '' ? 'Required value' : `Required value: ${why}`, field }
}

/** `why` is a whole clause: `must be ...`. */
export function invalidField(field: string, value: unknown, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${shown(value)}: ${why}`, field }
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): StatusCause {
  const names = supported.map((name) => JSON.stringify(name)).join(', ')
  const message = `Unsupported value: ${shown(value)}: supported values: ${names}`
  return { reason: 'FieldValueNotSupported', message, field }
}

/** Values of a list, or spellings of a field, that may be there once. */
export function duplicateValue(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown(value)}`, field }
}

function tooMany(field: string, count: number, max: number): StatusCause {
  const message = `Too many: ${count}: must have at most ${max} ${max === 1 ? 'item' : 'items'}`
  return { reason: 'FieldValueTooMany', message, field }
}

function invalidValue(field: string, value: unknown, why: string): StatusCause {
  return invalidField(field, value, `${inBody(field)} ${why}`)
}

/** Kubernetes shows the type that was found where the value would be. */
function wrongType(field: string, wanted: string, found: string): StatusCause {
  const quoted = JSON.stringify(found)
  const message = `Invalid value: ${quoted}: ${inBody(field)} must be of type ${wanted}: ${quoted}`
  return { reason: 'FieldValueTypeInvalid', message, field }
}

function inBody(field: string): string {
  return field === '' ? 'in body' : `${field} in body`
}

/** Values that would fill the screen are cut. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > 1000 ? `${text.slice(0, 1000)}...` : text
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

const patterns = new Map<string, RegExp>()

/** Patterns are those of our own schemas, so there are few. */
function compiled(pattern: string): RegExp {
  let expression = patterns.get(pattern)
  if (expression === undefined) {
    expression = new RegExp(pattern)
    patterns.set(pattern, expression)
  }
  return expression
}
