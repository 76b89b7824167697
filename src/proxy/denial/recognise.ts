import { ClientHelloReader } from '#proxy/listener-filters/client-hello.ts'

/** What a refused client speaks, told from its first bytes, with what an answer in its own protocol needs. */
export type Spoken =
  /** Not to be told yet. */
  | { readonly kind: 'undecided' }
  | { readonly kind: 'tls'; readonly serverName: string | undefined }
  | {
      readonly kind: 'http1'
      readonly host: string | undefined
      readonly method: string
      /** False for HTTP/1.0 and whatever else is no HTTP/1.1. */
      readonly isHttp11: boolean
      /** The port that a request for a proxy names; undefined for any other request. */
      readonly proxiedPort: number | undefined
    }
  /** `streamId` is 0 when no request has come yet. */
  | { readonly kind: 'http2'; readonly streamId: number; readonly isGrpc: boolean }
  | { readonly kind: 'mongo'; readonly requestId: number; readonly legacy: boolean }
  /** A PostgreSQL client that asks for encryption first: eight bytes, then the start-up message. */
  | { readonly kind: 'postgres-encryption' }
  | { readonly kind: 'postgres' }
  | { readonly kind: 'redis' }
  | { readonly kind: 'unknown' }

const UNDECIDED: Spoken = { kind: 'undecided' }
const UNKNOWN: Spoken = { kind: 'unknown' }

/** `final`: no more bytes will come (silence, the end, or the limit), so the answer is never "undecided". Pure. */
export function recognise(bytes: Buffer, final: boolean): Spoken {
  if (bytes.length === 0) return final ? UNKNOWN : UNDECIDED
  const spoken = asTls(bytes) ?? asHttp(bytes) ?? asPostgres(bytes) ?? asRedis(bytes) ?? asMongo(bytes) ?? UNKNOWN
  return final && spoken.kind === 'undecided' ? asFarAsItWent(bytes) : spoken
}

/** Half a ClientHello or half a request head is still answered in its protocol. */
function asFarAsItWent(bytes: Buffer): Spoken {
  if (bytes[0] === 0x16 && bytes[1] === 3) return { kind: 'tls', serverName: undefined }
  const text = bytes.toString('latin1')
  if (text.startsWith('PRI * HTTP/2.0\r\n')) return { kind: 'http2', streamId: 0, isGrpc: false }
  return /^[A-Z]{3,20} \S/.test(text) ? http1Of(text) : UNKNOWN
}

function asTls(bytes: Buffer): Spoken | undefined {
  if (bytes[0] !== 0x16) return undefined
  if (bytes.length > 1 && bytes[1] !== 3) return undefined
  const verdict = new ClientHelloReader().push(bytes)
  if (verdict.kind === 'more') return UNDECIDED
  // A handshake that no TLS server would accept is still told no in its own language.
  return { kind: 'tls', serverName: verdict.kind === 'tls' ? verdict.serverName || undefined : undefined }
}

const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const METHOD_START = /^[A-Z]{1,20}$|^[A-Z]{3,20} [\x21-\x7e]*/

function asHttp(bytes: Buffer): Spoken | undefined {
  const text = bytes.toString('latin1')
  if (text.startsWith(HTTP2_PREFACE)) return asHttp2(bytes)
  if (HTTP2_PREFACE.startsWith(text)) return UNDECIDED
  if (!METHOD_START.test(text)) return undefined
  return /\r?\n\r?\n/.test(text) ? http1Of(text) : UNDECIDED
}

function http1Of(head: string): Spoken {
  const [line = ''] = head.split(/\r?\n/, 1)
  const [method = '', target = ''] = line.split(' ')
  const authority = method === 'CONNECT' ? target : /^https?:\/\/([^/?#]*)/i.exec(target)?.[1]
  const host = hostOfAuthority(authority ?? /^host:[ \t]*(\S*)/im.exec(head)?.[1] ?? '')
  const proxiedPort = authority === undefined ? undefined : Number(/:(\d+)$/.exec(authority)?.[1] ?? 80)
  return { kind: 'http1', method, host, isHttp11: /^\S+ \S+ HTTP\/1\.1$/.test(line), proxiedPort }
}

/** "Example.com:8080" → "example.com"; undefined for what is no host name (empty, an address, strange characters). */
export function hostOfAuthority(authority: string): string | undefined {
  const host = authority
    .replace(/^[^@]*@/, '')
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
    .toLowerCase()
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) && !/^[\d.]+$/.test(host) ? host : undefined
}

const HEADERS_FRAME = 1
/** "application/grpc" as HPACK writes it: as it is, or in Huffman's code. */
const GRPC_TYPES = [Buffer.from('application/grpc'), Buffer.from('1d75d0620d263d4c4d65', 'hex')]

/** Whether a client has begun with HTTP/2's preface. */
export function isHttp2(bytes: Buffer): boolean {
  return bytes.subarray(0, HTTP2_PREFACE.length).toString('latin1') === HTTP2_PREFACE
}

/** Looks for the first HEADERS frame after the preface: the request that gets the answer. */
function asHttp2(bytes: Buffer): Spoken {
  let at = HTTP2_PREFACE.length
  while (at + 9 <= bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) return UNDECIDED
    if (bytes[at + 3] === HEADERS_FRAME) {
      const fields = bytes.subarray(at + 9, end)
      const isGrpc = GRPC_TYPES.some((type) => fields.includes(type))
      return { kind: 'http2', streamId: bytes.readUInt32BE(at + 5) & 0x7fffffff, isGrpc }
    }
    at = end
  }
  return UNDECIDED
}

const POSTGRES_CODES: ReadonlyMap<number, Spoken> = new Map<number, Spoken>([
  [196608, { kind: 'postgres' }],
  [196610, { kind: 'postgres' }],
  [80877103, { kind: 'postgres-encryption' }],
  [80877104, { kind: 'postgres-encryption' }],
])

/** Start-up messages: a length of at most 10,000 in network order, then the protocol's number. */
function asPostgres(bytes: Buffer): Spoken | undefined {
  if (bytes[0] !== 0) return undefined
  if (bytes.length < 8) return UNDECIDED
  return bytes.readUInt32BE(0) <= 10_000 ? POSTGRES_CODES.get(bytes.readUInt32BE(4)) : undefined
}

function asRedis(bytes: Buffer): Spoken | undefined {
  const text = bytes.toString('latin1', 0, 12)
  if (/^\*[1-9]\d{0,3}\r\n\$/.test(text)) return { kind: 'redis' }
  return /^\*([1-9]\d{0,3}\r?\n?)?$/.test(text) ? UNDECIDED : undefined
}

const OP_QUERY = 2004
const OP_MSG = 2013
const MONGO_MAX_MESSAGE = 48_000_000

/** The 16-byte header of a request: length, id, "answers to" 0, operation. */
function asMongo(bytes: Buffer): Spoken | undefined {
  if (bytes.length >= 4) {
    const length = bytes.readInt32LE(0)
    if (length < 16 || length > MONGO_MAX_MESSAGE) return undefined
  }
  if (bytes.length < 16) return UNDECIDED
  const operation = bytes.readInt32LE(12)
  if (bytes.readInt32LE(8) !== 0 || (operation !== OP_QUERY && operation !== OP_MSG)) return undefined
  return { kind: 'mongo', requestId: bytes.readInt32LE(4), legacy: operation === OP_QUERY }
}
