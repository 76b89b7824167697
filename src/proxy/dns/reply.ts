import type { Query } from './query.ts'
import { CLASS_IN, TYPE } from './record-type.ts'

/** One record of ours about the name that was asked. */
export interface AnswerRecord {
  readonly type: number
  /** seconds */
  readonly ttl: number
  readonly data: Buffer
}

export interface Reply {
  readonly rcode: number
  readonly authoritative: boolean
  readonly records: readonly AnswerRecord[]
}

/** What we say we take over UDP. */
export const OUR_UDP_SIZE = 1232
/** Without EDNS a client takes 512 bytes; nobody gets more than 4096 over UDP. */
const PLAIN_UDP_SIZE = 512
const MAX_UDP_SIZE = 4096

const HEADER = 12

/** How many bytes this client takes over UDP. */
function udpLimit(query: Query): number {
  return Math.min(MAX_UDP_SIZE, Math.max(PLAIN_UDP_SIZE, query.ednsSize ?? 0))
}

/** Encodes a reply of ours. */
export function writeReply(query: Query, reply: Reply): Buffer {
  const records = reply.records.flatMap((record) => {
    const head = Buffer.alloc(12)
    head.writeUInt16BE(0xc000 | HEADER, 0)
    head.writeUInt16BE(record.type, 2)
    head.writeUInt16BE(CLASS_IN, 4)
    head.writeUInt32BE(record.ttl, 6)
    head.writeUInt16BE(record.data.length, 10)
    return [head, record.data]
  })
  const body = Buffer.concat([query.question?.wire ?? Buffer.alloc(0), ...records])
  return assemble(query, { ...reply, answers: reply.records.length, authorities: 0, truncated: false }, body)
}

/** A message of an upstream, ready to be given to anybody who asks the same. */
export interface ForwardedBody {
  readonly rcode: number
  readonly answers: number
  readonly authorities: number
  /** Question, answers and authority records as they came; TTLs brought up to date. */
  readonly body: Buffer
}

/** Puts our header before an upstream's records, and the client's own spelling of the name into the question. */
export function writeForwarded(query: Query, forwarded: ForwardedBody): Buffer {
  const body = Buffer.from(forwarded.body)
  query.question?.wire.copy(body)
  return assemble(query, { ...forwarded, authoritative: false, truncated: false }, body)
}

/** The reply itself if it fits, or one that says: come again over TCP. */
export function fitUdp(query: Query, reply: Buffer): Buffer {
  if (reply.length <= udpLimit(query)) return reply
  const head = { rcode: (reply[3] as number) & 15, answers: 0, authorities: 0, truncated: true }
  const authoritative = ((reply[2] as number) & 4) !== 0
  return assemble(query, { ...head, authoritative }, query.question?.wire ?? Buffer.alloc(0))
}

interface Head {
  readonly rcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly answers: number
  readonly authorities: number
}

function assemble(query: Query, head: Head, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(query.id, 0)
  header[2] =
    0x80 |
    (query.opcode << 3) |
    (head.authoritative ? 4 : 0) |
    (head.truncated ? 2 : 0) |
    (query.recursionDesired ? 1 : 0)
  header[3] = 0x80 | (query.checkingDisabled ? 0x10 : 0) | (head.rcode & 15)
  header.writeUInt16BE(query.question === undefined ? 0 : 1, 4)
  header.writeUInt16BE(head.answers, 6)
  header.writeUInt16BE(head.authorities, 8)
  header.writeUInt16BE(query.ednsSize === undefined ? 0 : 1, 10)
  return Buffer.concat(query.ednsSize === undefined ? [header, body] : [header, body, optRecord(head.rcode)])
}

/** Our EDNS: size, and the upper bits of the response code. */
function optRecord(rcode: number): Buffer {
  const record = Buffer.alloc(11)
  record.writeUInt16BE(TYPE.OPT, 1)
  record.writeUInt16BE(OUR_UDP_SIZE, 3)
  record[5] = rcode >> 4
  return record
}
