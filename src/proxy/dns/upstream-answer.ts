import { skipName } from './domain-name.ts'
import type { Question } from './query.ts'
import { CLASS_IN, RCODE, TYPE } from './record-type.ts'
import type { ForwardedBody } from './reply.ts'

/** A checked response of an upstream. */
export interface UpstreamAnswer extends ForwardedBody {
  /** Offsets of the TTL fields in `body`. */
  readonly ttlOffsets: readonly number[]
  /** seconds; how long it holds: the least TTL, or for a negative answer what the SOA record says; 0: not at all. */
  readonly ttl: number
  /** The A and AAAA records' addresses, 4 or 16 bytes. */
  readonly addresses: readonly Buffer[]
}

/** A response to our query, or the reason to look further. */
export type ReadResponse =
  | { readonly kind: 'answer'; readonly answer: UpstreamAnswer }
  /** Ask again over TCP. */
  | { readonly kind: 'truncated' }
  /** The server cannot or will not say (SERVFAIL, REFUSED, ...): ask another one. */
  | { readonly kind: 'failure' }
  /** Not a response to this question: forged, late, or broken. */
  | { readonly kind: 'foreign' }

const HEADER = 12
const FOREIGN: ReadResponse = { kind: 'foreign' }

/** Reads a response to `question` that was asked with `id`. Never throws. The additional section is left behind. */
export function readResponse(bytes: Buffer, id: number, question: Question): ReadResponse {
  if (!isResponseTo(bytes, id, question)) return FOREIGN
  if (((bytes[2] as number) & 2) !== 0) return { kind: 'truncated' }
  const rcode = (bytes[3] as number) & 15
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return { kind: 'failure' }
  const [answers, authorities] = [bytes.readUInt16BE(6), bytes.readUInt16BE(8)]
  const found: Found = { ttlOffsets: [], addresses: [], leastTtl: MAX_TTL, negativeTtl: 0 }
  let at: number | undefined = HEADER + question.wire.length
  for (let record = 0; record < answers + authorities && at !== undefined; record += 1) {
    at = readRecord(bytes, at, record < answers, found)
  }
  if (at === undefined) return FOREIGN
  const isPositive = rcode === RCODE.NOERROR && answers > 0
  return {
    kind: 'answer',
    answer: {
      rcode,
      answers,
      authorities,
      body: Buffer.from(bytes.subarray(HEADER, at)),
      ttlOffsets: found.ttlOffsets,
      addresses: found.addresses,
      ttl: isPositive ? found.leastTtl : found.negativeTtl,
    },
  }
}

/** The answer's body as it is `ageSeconds` later. */
export function aged(answer: UpstreamAnswer, ageSeconds: number): Buffer {
  if (ageSeconds <= 0) return answer.body
  const body = Buffer.from(answer.body)
  for (const at of answer.ttlOffsets) body.writeUInt32BE(Math.max(1, body.readUInt32BE(at) - ageSeconds), at)
  return body
}

/** A week: longer TTLs are taken for this, and those with the highest bit set for 0 (RFC 8767 section 4, RFC 2181 section 8). */
const MAX_TTL = 604_800

interface Found {
  readonly ttlOffsets: number[]
  readonly addresses: Buffer[]
  leastTtl: number
  negativeTtl: number
}

function isResponseTo(bytes: Buffer, id: number, question: Question): boolean {
  if (bytes.length < HEADER + question.wire.length || bytes.readUInt16BE(0) !== id) return false
  const isResponse = ((bytes[2] as number) & 0xf8) === 0x80
  const repeated = bytes.subarray(HEADER, HEADER + question.wire.length)
  return isResponse && bytes.readUInt16BE(4) === 1 && equalIgnoringCase(repeated, question.wire)
}

function equalIgnoringCase(one: Buffer, other: Buffer): boolean {
  return one.toString('latin1').toLowerCase() === other.toString('latin1').toLowerCase()
}

/** Returns the offset after the record; undefined when it is malformed. */
function readRecord(bytes: Buffer, start: number, isAnswer: boolean, found: Found): number | undefined {
  const at = skipName(bytes, start)
  if (at === undefined || at + 10 > bytes.length) return undefined
  const type = bytes.readUInt16BE(at)
  const data = at + 10
  const end = data + bytes.readUInt16BE(at + 8)
  if (end > bytes.length || bytes.readUInt16BE(at + 2) !== CLASS_IN || !isSound(bytes, type, data, end))
    return undefined
  const ttl = readTtl(bytes, at + 4)
  found.ttlOffsets.push(at + 4 - HEADER)
  if (isAnswer) found.leastTtl = Math.min(found.leastTtl, ttl)
  else if (type === TYPE.SOA) found.negativeTtl = Math.min(ttl, bytes.readUInt32BE(end - 4))
  if (isAnswer && (type === TYPE.A || type === TYPE.AAAA)) found.addresses.push(Buffer.from(bytes.subarray(data, end)))
  return end
}

function readTtl(bytes: Buffer, at: number): number {
  const ttl = bytes.readUInt32BE(at)
  return ttl > 0x7fffffff ? 0 : Math.min(ttl, MAX_TTL)
}

/** Bytes before the names that a record's data holds, how many names, and bytes after them. */
const SHAPES: ReadonlyMap<number, readonly [before: number, names: number, after: number]> = new Map([
  [TYPE.A, [4, 0, 0]],
  [TYPE.AAAA, [16, 0, 0]],
  [TYPE.NS, [0, 1, 0]],
  [TYPE.CNAME, [0, 1, 0]],
  [TYPE.PTR, [0, 1, 0]],
  [TYPE.DNAME, [0, 1, 0]],
  [TYPE.MX, [2, 1, 0]],
  [TYPE.SRV, [6, 1, 0]],
  [TYPE.SOA, [0, 2, 20]],
])

/** Names inside record data may point elsewhere: what we pass on must be readable. */
function isSound(bytes: Buffer, type: number, data: number, end: number): boolean {
  const shape = SHAPES.get(type)
  if (shape === undefined) return true
  const [before, names, after] = shape
  let at: number | undefined = data + before
  for (let name = 0; name < names && at !== undefined; name += 1) at = at < end ? skipName(bytes, at) : undefined
  return at !== undefined && at + after === end
}
