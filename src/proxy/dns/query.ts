import { encodeName, readQuestionName, skipName } from './domain-name.ts'
import { CLASS_IN, RCODE, TYPE } from './record-type.ts'

/** What is asked. */
export interface Question {
  /** Lower case, no trailing dot, strange bytes as \DDD; "" is the root. */
  readonly name: string
  readonly type: number
  readonly class: number
  /** Name, type and class as they came, letter case included: repeated in the answer. */
  readonly wire: Buffer
}

/** A query as far as it could be read. */
export interface Query {
  readonly id: number
  readonly opcode: number
  readonly recursionDesired: boolean
  readonly checkingDisabled: boolean
  readonly question: Question | undefined
  /** The client speaks EDNS: bytes that it takes over UDP. */
  readonly ednsSize: number | undefined
}

/** A query to answer, one to refuse with a code, or bytes to ignore (too short, or a response). */
export type ReadQuery =
  | { readonly kind: 'query'; readonly query: Query & { readonly question: Question } }
  | { readonly kind: 'fault'; readonly rcode: number; readonly query: Query }
  | { readonly kind: 'ignore' }

const HEADER = 12

/** Reads a message from a client. Never throws. */
export function readQuery(bytes: Buffer): ReadQuery {
  if (bytes.length < HEADER || ((bytes[2] as number) & 0x80) !== 0) return { kind: 'ignore' }
  const bare: Query = {
    id: bytes.readUInt16BE(0),
    opcode: ((bytes[2] as number) >> 3) & 15,
    recursionDesired: ((bytes[2] as number) & 1) !== 0,
    checkingDisabled: ((bytes[3] as number) & 0x10) !== 0,
    question: undefined,
    ednsSize: undefined,
  }
  if (bare.opcode !== 0) return { kind: 'fault', rcode: RCODE.NOTIMP, query: bare }
  // One question, and no records but what EDNS and transaction signatures add.
  const counts = [4, 6, 8].map((at) => bytes.readUInt16BE(at))
  const question = counts.join() === '1,0,0' ? readQuestion(bytes) : undefined
  if (question === undefined) return { kind: 'fault', rcode: RCODE.FORMERR, query: bare }
  const edns = readEdns(bytes, HEADER + question.wire.length)
  if (edns === undefined) return { kind: 'fault', rcode: RCODE.FORMERR, query: { ...bare, question } }
  const query = { ...bare, question, ednsSize: edns.size }
  return edns.version > 0 ? { kind: 'fault', rcode: RCODE.BADVERS, query } : { kind: 'query', query }
}

function readQuestion(bytes: Buffer): Question | undefined {
  const name = readQuestionName(bytes, HEADER)
  if (name === undefined || name.end + 4 > bytes.length) return undefined
  return {
    name: name.text.toLowerCase(),
    type: bytes.readUInt16BE(name.end),
    class: bytes.readUInt16BE(name.end + 2),
    // Copied: the packet's buffer may be reused before an upstream has answered.
    wire: Buffer.from(bytes.subarray(HEADER, name.end + 4)),
  }
}

/** Finds the OPT record among the additional ones; undefined when they are malformed or there are two. */
function readEdns(bytes: Buffer, start: number): { size: number | undefined; version: number } | undefined {
  let at = start
  let edns: { size: number | undefined; version: number } = { size: undefined, version: 0 }
  for (let left = bytes.readUInt16BE(10); left > 0; left -= 1) {
    const end = skipName(bytes, at)
    if (end === undefined || end + 10 > bytes.length) return undefined
    if (bytes.readUInt16BE(end) === TYPE.OPT) {
      if (edns.size !== undefined || end !== at + 1) return undefined
      edns = { size: bytes.readUInt16BE(end + 2), version: bytes[end + 5] as number }
    }
    at = end + 10 + bytes.readUInt16BE(end + 8)
    if (at > bytes.length) return undefined
  }
  return at === bytes.length ? edns : undefined
}

/** A question of our own, about a name in lower case without a trailing dot; undefined for what no name of ordinary labels can be. */
export function questionOf(name: string, type: number): Question | undefined {
  const encoded = encodeName(name)
  if (encoded === undefined) return undefined
  const wire = Buffer.concat([encoded, Buffer.from([type >> 8, type & 255, CLASS_IN >> 8, CLASS_IN])])
  return { name, type, class: CLASS_IN, wire }
}

/** A query of our own, with EDNS and recursion desired. */
export function writeQuery(id: number, question: Question, udpSize: number): Buffer {
  const header = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1])
  header.writeUInt16BE(id, 0)
  const opt = Buffer.from([0, 0, TYPE.OPT, 0, 0, 0, 0, 0, 0, 0, 0])
  opt.writeUInt16BE(udpSize, 3)
  return Buffer.concat([header, question.wire, opt])
}
