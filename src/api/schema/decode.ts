import { camelCase, type FieldPath } from '#kube/field-path.ts'
import type { Schema } from '#kube/schema.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Report } from './report.ts'

/**
 * Decodes the value of one field. Absent and null values are the field's default, as in protobuf JSON; a value of the wrong type is
 * an error, as in a Kubernetes schema ("80" is no number), and the default stands in for it.
 */
export interface Decode<T> {
  (value: unknown, path: FieldPath, report: Report): T
  /** The same rules as data: what the API server serves, and checks before it decodes. */
  readonly schema: Schema
  /** `message` lists the field among the required ones of its schema. */
  readonly required?: true
  /** The field's name in JSON, where ours says more: its unit. */
  readonly writtenName?: string
}

type DecodeFunction<T> = (value: unknown, path: FieldPath, report: Report) => T

/** A decoder and the schema that says the same. */
export function decoder<T>(schema: Schema, decode: DecodeFunction<T>): Decode<T> {
  return Object.assign(decode.bind(undefined), { schema })
}

/** The same decoder with a sentence for `kubectl explain`. */
export function described<T>(description: string, decode: Decode<T>): Decode<T> {
  return Object.assign(decode.bind(undefined), { ...decode, schema: { ...decode.schema, description } })
}

/**
 * A field that the API server requires (`spec.hosts: Required value`). Decoding itself still has the default stand in for it: rules of the kind
 * say what is missing in Istio's words where files are read.
 */
export function required<T>(decode: Decode<T>): Decode<T> {
  return Object.assign(decode.bind(undefined), { ...decode, required: true as const })
}

/** A field whose name in JSON is not ours: `timeoutMs: writtenAs('timeout', durationMs)`. */
export function writtenAs<T>(writtenName: string, decode: Decode<T>): Decode<T> {
  return Object.assign(decode.bind(undefined), { ...decode, writtenName })
}

const MAX_UINT32 = 4_294_967_295

const QUOTING_HINTS: Readonly<Record<string, string>> = {
  number: '; put it in quotes',
  boolean: '; put it in quotes (unquoted yes, no, on, off, y and n are booleans in YAML too)',
}

/** A string of at most `maxLength` characters; default "". */
export function string(maxLength?: number): Decode<string> {
  const schema: Schema = { type: 'string', ...(maxLength === undefined ? {} : { maxLength }) }
  return decoder(schema, (value, path, report) => {
    if (isAbsent(value)) return ''
    if (typeof value !== 'string') {
      return wrongType(report, path, 'a string', value, '', QUOTING_HINTS[typeof value] ?? '')
    }
    if (maxLength !== undefined && value.length > maxLength) {
      report.error(path, `too long: ${value.length} characters, at most ${maxLength} are allowed`)
    }
    return value
  })
}

/** A boolean; default false. */
export const boolean: Decode<boolean> = decoder({ type: 'boolean' }, (value, path, report) => {
  if (isAbsent(value)) return false
  return typeof value === 'boolean' ? value : wrongType(report, path, 'a boolean', value, false)
})

/** A finite number; default 0. */
export const double: Decode<number> = decoder({ type: 'number', format: 'double' }, (value, path, report) => {
  if (isAbsent(value)) return 0
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const numeric = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value)
  return wrongType(report, path, 'a number', value, 0, numeric ? '; write it without quotes' : '')
})

/** An unsigned 32-bit integer; default 0. */
export const uint32: Decode<number> = integerBetween(0, MAX_UINT32)

/** An unsigned integer of as many bits as JSON numbers carry exactly; default 0. */
export const uint64: Decode<number> = integerBetween(0, Number.MAX_SAFE_INTEGER)

/** A signed 32-bit integer; default 0. */
export const int32: Decode<number> = integerBetween(-2_147_483_648, 2_147_483_647)

function integerBetween(min: number, max: number): Decode<number> {
  return decoder({ type: 'integer', minimum: min, maximum: max }, (value, path, report) => {
    if (isAbsent(value)) return 0
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      const numeric = typeof value === 'string' && /^\d+$/.test(value)
      return wrongType(report, path, 'an integer', value, 0, numeric ? '; write it without quotes' : '')
    }
    if (value >= min && value <= max) return value
    report.error(path, `must be an integer from ${min} to ${max}, not ${value}`)
    return 0
  })
}

/** One of some names, exactly as written; the first is the default. Numbers are no names: a Kubernetes schema refuses them too. */
export function oneOf<const T extends string>(names: readonly [T, ...T[]]): Decode<T> {
  return decoder<T>({ type: 'string', enum: names }, (value, path, report) => {
    if (isAbsent(value)) return names[0]
    const name = names.find((candidate) => candidate === value)
    if (name !== undefined) return name
    const supported = names.map((candidate) => JSON.stringify(candidate)).join(', ')
    const hint = typeof value === 'string' ? didYouMean(value, names) : ''
    report.error(path, `Unsupported value: ${show(value)}: supported values: ${supported}${hint}`)
    return names[0]
  })
}

/**
 * A list of at most `maxItems` values; default empty. `nullText` is said of an element that is null. `minItems` is for the API server: rules of
 * the kind say that elements are missing in Istio's words where files are read. So is `mapKey`, the field by which server-side apply knows an element again.
 */
export function list<T>(
  item: Decode<T>,
  options: { minItems?: number; maxItems?: number; mapKey?: string; nullText?: string } = {},
): Decode<readonly T[]> {
  const { maxItems = Number.POSITIVE_INFINITY, nullText = 'an element of a list may not be null' } = options
  const bounds = {
    ...(options.minItems === undefined ? {} : { minItems: options.minItems }),
    ...(options.maxItems === undefined ? {} : { maxItems: options.maxItems }),
    ...(options.mapKey === undefined
      ? {}
      : { 'x-kubernetes-list-type': 'map' as const, 'x-kubernetes-list-map-keys': [options.mapKey] }),
  }
  return decoder({ type: 'array', ...bounds, items: item.schema }, (value, path, report) => {
    if (isAbsent(value)) return []
    if (!Array.isArray(value)) return wrongType(report, path, 'a list', value, [])
    if (value.length > maxItems) {
      report.error(path, `Too many: ${value.length}: must have at most ${maxItems} items`)
      return []
    }
    return value.map((element: unknown, index) => {
      if (element === null) report.error([...path, index], nullText)
      return item(element, [...path, index], report)
    })
  })
}

/** A map from strings, with at most `maxEntries` keys; default empty. `nullText` is said of a value that is null. */
export function mapOf<T>(
  item: Decode<T>,
  maxEntries = Number.POSITIVE_INFINITY,
  nullText = (_key: string): string => 'a value of a map may not be null',
): Decode<Readonly<Record<string, T>>> {
  const bound = Number.isFinite(maxEntries) ? { maxProperties: maxEntries } : {}
  const schema: Schema = { type: 'object', ...bound, additionalProperties: item.schema }
  return decoder(schema, (value, path, report) => {
    if (isAbsent(value)) return {}
    if (!isRecord(value)) return wrongType(report, path, 'a map', value, {})
    const entries = Object.entries(value)
    if (entries.length > maxEntries) {
      report.error(path, `Too many: ${entries.length}: must have at most ${maxEntries} keys`)
      return {}
    }
    const decoded = entries.map(([key, one]) => {
      if (one === null) report.error([...path, key], nullText(key))
      return [key, item(one, [...path, key], report)] as const
    })
    return Object.fromEntries(decoded)
  })
}

/** A message with exactly these fields, each in camelCase or snake_case; fields it does not have are errors. */
export function message<T extends object>(fields: { readonly [K in keyof T]-?: Decode<T[K]> }): Decode<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const writtenNames = names.map((name) => fields[name].writtenName ?? name)
  return decoder(messageSchema(fields), (value, path, report) => {
    const given = isAbsent(value) ? {} : isRecord(value) ? value : wrongType(report, path, 'a map', value, {})
    const values = byFieldName(given, writtenNames, path, report)
    const decoded: Partial<T> = {}
    for (const [index, name] of names.entries()) {
      const written = writtenNames[index]!
      decoded[name] = fields[name](values.get(written), [...path, written], report)
    }
    return decoded as T
  })
}

function messageSchema(fields: Readonly<Record<string, Decode<unknown>>>): Schema {
  const entries = Object.entries(fields).map(([name, field]) => [field.writtenName ?? name, field] as const)
  const required = entries.filter(([, field]) => field.required).map(([name]) => name)
  const properties = Object.fromEntries(entries.map(([name, field]) => [name, field.schema]))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

/** A message that may be absent altogether. */
export function optional<T>(decode: Decode<T>): Decode<T | undefined> {
  return decoder(decode.schema, (value, path, report) => (isAbsent(value) ? undefined : decode(value, path, report)))
}

/** The same values in another shape; `shape` may find faults that no single field shows. Absent values are its to judge too. */
export function shaped<Raw, T>(
  decode: Decode<Raw>,
  shape: (raw: Raw, path: FieldPath, report: Report) => T,
): Decode<T> {
  return decoder(decode.schema, (value, path, report) => shape(decode(value, path, report), path, report))
}

/** The field of a protobuf oneof that is set; a second one is refused as protobuf JSON refuses it. */
export function oneofCase<Raw extends object, const Name extends keyof Raw & string>(
  raw: Raw,
  oneof: string,
  names: readonly Name[],
  path: FieldPath,
  report: Report,
): Name | undefined {
  const [first, ...others] = names.filter((name) => raw[name] !== undefined)
  for (const name of others) report.error([...path, name], `oneof ${oneof} is already set, by ${JSON.stringify(first)}`)
  return first
}

/** Any value, kept as it is: undefined when absent. */
export const anything: Decode<unknown> = decoder({ 'x-kubernetes-preserve-unknown-fields': true }, (value) => value)

function byFieldName(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  path: FieldPath,
  report: Report,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [key, value] of Object.entries(given)) {
    const name = names.includes(key) ? key : camelCase(key)
    if (!names.includes(name)) {
      report.error([...path, key], `unknown field ${JSON.stringify(key)}${didYouMean(key, names)}`)
    } else if (values.has(name)) {
      report.error([...path, key], `field ${JSON.stringify(name)} is given in two spellings`)
    } else {
      values.set(name, value)
    }
  }
  return values
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function wrongType<T>(report: Report, path: FieldPath, wanted: string, value: unknown, standIn: T, hint = ''): T {
  report.error(path, `Invalid value: must be ${wanted}, not ${show(value)}${hint}`)
  return standIn
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'a map'
  const text = JSON.stringify(value)
  const kind = typeof value === 'string' ? '' : `${typeof value} `
  return text.length > 80 ? `${kind}${text.slice(0, 80)}...` : `${kind}${text}`
}
