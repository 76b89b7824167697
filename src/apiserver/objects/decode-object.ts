import type { JsonObject } from '#api/kind.ts'
import { badRequest, tooLarge, unsupportedMediaType } from '#kube/status-errors.ts'
import { readYaml } from '#kube/yaml-document.ts'
import { readJson } from './json-text.ts'
import type { ServedKind } from './kind-registry.ts'

/** The body of a request: text, and what its Content-Type says it is, without parameters. */
export interface Body {
  readonly text: string
  readonly mediaType: string
}

/** What a body says, not yet checked, and which of its fields were given twice. */
export interface Decoded {
  readonly object: JsonObject
  readonly duplicates: readonly string[]
}

/** Any value, and which fields of it were given twice. */
export interface DecodedValue {
  readonly value: unknown
  readonly duplicates: readonly string[]
}

/** Reading YAML takes some hundred times its size of memory for a moment, and a second for so much. */
const MAX_YAML_LENGTH = 256 << 10

export const OBJECT_TYPES = ['application/json', 'application/yaml'] as const

/** Reads an object from JSON or YAML. Throws a StatusError `BadRequest` or `UnsupportedMediaType`. */
export function decodeObject(body: Body): Decoded {
  const decoded = decodeValue(body)
  if (!isObject(decoded.value)) throw badRequest('the body of the request is no object')
  return { object: decoded.value, duplicates: decoded.duplicates }
}

/**
 * The object, of the kind that the path leads to; objects of Kubernetes' own kinds need not say what they are. Throws a StatusError
 * `BadRequest` for one that says otherwise.
 */
export function ofKind(object: JsonObject, served: ServedKind): JsonObject {
  const { kind, isCore } = served.definition
  const { apiVersion: foundVersion = '', kind: foundKind = '' } = object
  if (foundVersion !== served.apiVersion && !(isCore && foundVersion === '')) {
    throw badRequest(
      `the API version in the data (${String(foundVersion)}) does not match the expected API version (${served.apiVersion})`,
    )
  }
  if (foundKind !== kind && !(isCore && foundKind === '')) {
    throw badRequest(`the kind in the data (${String(foundKind)}) does not match the expected kind (${kind})`)
  }
  return { ...object, apiVersion: served.apiVersion, kind }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads any JSON value: patches are lists too. */
export function decodeJson(text: string): DecodedValue {
  const read = readJson(text)
  if (read.kind === 'value') return read
  throw badRequest(`the object provided is unrecognized (must be of type JSON): ${read.why}`)
}

/** Reads one YAML document; clients mostly send JSON as such, which costs a hundredth. A field that YAML gives twice is a fault of its own. */
export function decodeYaml(text: string): DecodedValue {
  if (text.trimStart().startsWith('{')) {
    const read = readJson(text)
    if (read.kind === 'value') return read
  }
  if (text.length > MAX_YAML_LENGTH) throw tooLarge(`limit is ${MAX_YAML_LENGTH} characters of YAML; send JSON`)
  const read = readYaml(text)
  if (read.kind === 'refused') throw badRequest(`error decoding YAML: ${read.fault.text}`)
  const documents = read.documents.filter((one) => one.value !== undefined || one.faults.length > 0)
  const fault = documents.flatMap((one) => one.faults)[0]
  if (fault !== undefined) throw badRequest(`error decoding YAML: line ${fault.line}: ${fault.text}`)
  if (documents.length !== 1) throw badRequest(`error decoding YAML: one document is expected, not ${documents.length}`)
  return { value: documents[0]!.value, duplicates: [] }
}

function decodeValue({ text, mediaType }: Body): DecodedValue {
  if (mediaType === 'application/json' || mediaType === '') return decodeJson(text)
  if (mediaType === 'application/yaml') return decodeYaml(text)
  throw unsupportedMediaType(OBJECT_TYPES)
}
