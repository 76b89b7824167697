import type { JsonObject } from '#api/kind.ts'
import { setOwn } from '#kube/json-value.ts'
import { badRequest, unsupportedMediaType } from '#kube/status-errors.ts'
import { CONFIG_MAP, EVENT, NAMESPACE, SECRET, SERVICE, SERVICE_ACCOUNT } from './core-shapes.ts'
import { type FieldShape, type MessageShape, shape } from './message-shape.ts'
import { ACCESS_REVIEW, DELETE_OPTIONS, RULES_REVIEW, SELF_REVIEW } from './meta-shapes.ts'
import { readWireFields } from './wire-reader.ts'
import { DEPLOYMENT } from './workload-shapes.ts'

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

/** "k8s" and a zero byte stand before every message. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00])

const ENVELOPE = shape({
  1: ['type', shape({ 1: ['apiVersion', 'text'], 2: ['kind', 'text'] })],
  2: ['raw', 'bytes'],
  3: ['contentEncoding', 'text'],
  4: ['contentType', 'text'],
})

/** Kinds that Go clients write in protobuf and that are read here; all others are to be sent as JSON. */
const SHAPES: Readonly<Record<string, MessageShape>> = {
  'v1 Namespace': NAMESPACE,
  'v1 ConfigMap': CONFIG_MAP,
  'v1 Secret': SECRET,
  'v1 ServiceAccount': SERVICE_ACCOUNT,
  'v1 Service': SERVICE,
  'v1 Event': EVENT,
  'apps/v1 Deployment': DEPLOYMENT,
  'authorization.k8s.io/v1 SelfSubjectAccessReview': ACCESS_REVIEW,
  'authorization.k8s.io/v1 SelfSubjectRulesReview': RULES_REVIEW,
  'authentication.k8s.io/v1 SelfSubjectReview': SELF_REVIEW,
}

const MAX_DEPTH = 30

/**
 * Reads an object as Kubernetes' own clients send it in protobuf: kubectl does so for `create namespace`, `auth can-i` and the like. Throws a
 * StatusError `BadRequest` for what is broken or has a field that is not known here: nothing is dropped in silence.
 */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length)))
    throw badRequest('the body of the request is no Kubernetes protobuf')
  try {
    const { type = {}, raw = '' } = decodeMessage(bytes.subarray(MAGIC.length), ENVELOPE, 0)
    const { apiVersion = '', kind = '' } = type as { readonly apiVersion?: string; readonly kind?: string }
    const found = kind === 'DeleteOptions' ? DELETE_OPTIONS : SHAPES[`${apiVersion} ${kind}`]
    if (found === undefined) throw unsupportedMediaType(['application/json', 'application/yaml'])
    return { apiVersion, kind, ...decodeMessage(Buffer.from(raw as string, 'base64'), found, 0) }
  } catch (thrown) {
    if (thrown instanceof RangeError) throw badRequest(`the protobuf body of the request is broken: ${thrown.message}`)
    throw thrown
  }
}

function decodeMessage(bytes: Uint8Array, { fields }: MessageShape, depth: number): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`)
  const object: Record<string, unknown> = {}
  for (const { number, value } of readWireFields(bytes)) {
    const field = fields[number]
    if (field === undefined) {
      // Go writes the zeros of fields that nobody set.
      if (value === 0n || (value instanceof Uint8Array && value.length === 0)) continue
      throw new RangeError(`field ${number} is not known here; send JSON`)
    }
    const [name, of] = field
    if (typeof of === 'object' && 'list' in of) {
      const list = (object[name] ?? []) as unknown[]
      list.push(decodeValue(value, of.list, depth) ?? '')
      object[name] = list
    } else if (typeof of === 'object' && 'mapOf' in of) {
      const map = (object[name] ?? {}) as Record<string, unknown>
      addEntry(map, value, of.mapOf, depth)
      object[name] = map
    } else {
      const decoded = decodeValue(value, of, depth)
      if (decoded !== undefined) object[name] = decoded
    }
  }
  return object
}

/** A map is a list of messages of key and value. */
function addEntry(map: Record<string, unknown>, entry: bigint | Uint8Array, of: FieldShape, depth: number): void {
  const { key = '', value } = decodeMessage(bytesOf(entry), shape({ 1: ['key', 'text'], 2: ['value', of] }), depth + 1)
  setOwn(map, key as string, value ?? '')
}

/** Undefined: the zero of a field that is no pointer, which is to say that it is absent. */
function decodeValue(value: bigint | Uint8Array, of: FieldShape, depth: number): unknown {
  switch (of) {
    case 'ignored':
      return undefined
    case 'text':
      return new TextDecoder('utf-8', { fatal: false }).decode(bytesOf(value)) || undefined
    case 'bytes':
      return Buffer.from(bytesOf(value)).toString('base64') || undefined
    case 'number':
      return numberOf(value) || undefined
    case 'number?':
      return numberOf(value)
    case 'boolean':
      return numberOf(value) !== 0 || undefined
    case 'boolean?':
      return numberOf(value) !== 0
    case 'time':
    case 'microtime':
      return timeOf(bytesOf(value), of)
    case 'quantity':
      return decodeMessage(bytesOf(value), shape({ 1: ['text', 'text'] }), depth + 1).text ?? '0'
    case 'intOrText':
      return intOrText(bytesOf(value), depth)
    default:
      if ('fields' in of) return decodeMessage(bytesOf(value), of, depth + 1)
      throw new RangeError('a list of lists')
  }
}

function intOrText(bytes: Uint8Array, depth: number): unknown {
  const fields = shape({ 1: ['isText', 'boolean'], 2: ['number', 'number?'], 3: ['text', 'text'] })
  const { isText, number = 0, text = '' } = decodeMessage(bytes, fields, depth + 1)
  return isText ? text : number
}

function timeOf(bytes: Uint8Array, of: 'time' | 'microtime'): string | undefined {
  const { seconds, nanos = 0 } = decodeMessage(bytes, shape({ 1: ['seconds', 'number'], 2: ['nanos', 'number'] }), 0)
  if (typeof seconds !== 'number' || seconds < 0 || seconds > 253_402_300_799) return undefined
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return of === 'time' ? `${whole}Z` : `${whole}.${String(Math.floor(Number(nanos) / 1000)).padStart(6, '0')}Z`
}

function numberOf(value: bigint | Uint8Array): number {
  if (typeof value !== 'bigint') throw new RangeError('a number is expected')
  return Number(BigInt.asIntN(64, value))
}

function bytesOf(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === 'bigint') throw new RangeError('bytes are expected')
  return value
}
