/** What the first bytes of a connection say about TLS. */
export type TlsVerdict =
  | { readonly kind: 'more' }
  /** Not TLS, or a ClientHello that no TLS server would accept: opaque bytes. */
  | { readonly kind: 'not_tls' }
  /** `serverName` is lower case without a trailing dot, "" when the client sent none; `alpn` is in the client's order. */
  | { readonly kind: 'tls'; readonly serverName: string; readonly alpn: readonly string[] }

const MORE: TlsVerdict = { kind: 'more' }
const NOT_TLS: TlsVerdict = { kind: 'not_tls' }

const RECORD_HEADER_BYTES = 5
const HANDSHAKE_RECORD = 22
const MAX_RECORD_BYTES = 16_384
const MESSAGE_HEADER_BYTES = 4
const CLIENT_HELLO = 1
/** Envoy's bound; a hello with two post-quantum key shares and a client certificate list of names stays far below it. */
const MAX_HELLO_BYTES = 65_536

const EXTENSION_SERVER_NAME = 0
const EXTENSION_ALPN = 16

/**
 * Reads a ClientHello (RFC 8446 4.1.2) out of the first bytes of a connection, in whatever pieces they come, over as many TLS
 * records as it was cut into. Refuses as soon as the bytes cannot be one; each byte is looked at once.
 */
export class ClientHelloReader {
  /** The record's header as it comes in. */
  private readonly header = Buffer.alloc(RECORD_HEADER_BYTES)
  private headerBytes = 0
  /** Bytes of the record that are still to come. */
  private recordRest = 0
  private message: Buffer = Buffer.alloc(1024)
  private messageBytes = 0
  private verdict: TlsVerdict = MORE

  /** Takes the next bytes; once it has said other than 'more' it says the same for ever. */
  push(chunk: Buffer): TlsVerdict {
    let at = 0
    while (this.verdict.kind === 'more' && at < chunk.length) {
      if (this.recordRest === 0) {
        this.pushHeaderByte(chunk[at] as number)
        at++
        continue
      }
      const taken = Math.min(this.recordRest, chunk.length - at)
      this.pushMessage(chunk, at, at + taken)
      at += taken
    }
    return this.verdict
  }

  private pushHeaderByte(byte: number): void {
    this.header[this.headerBytes++] = byte
    const { header } = this
    if (this.headerBytes === 1 && byte !== HANDSHAKE_RECORD) this.verdict = NOT_TLS
    if (this.headerBytes === 2 && byte !== 3) this.verdict = NOT_TLS
    if (this.headerBytes < RECORD_HEADER_BYTES) return
    this.headerBytes = 0
    this.recordRest = header.readUInt16BE(3)
    if (this.recordRest === 0 || this.recordRest > MAX_RECORD_BYTES) this.verdict = NOT_TLS
  }

  private pushMessage(chunk: Buffer, start: number, end: number): void {
    const taken = end - start
    this.recordRest -= taken
    this.reserve(this.messageBytes + taken)
    chunk.copy(this.message, this.messageBytes, start, end)
    this.messageBytes += taken
    if (this.message[0] !== CLIENT_HELLO) {
      this.verdict = NOT_TLS
      return
    }
    if (this.messageBytes < MESSAGE_HEADER_BYTES) return
    const length = this.message.readUIntBE(1, 3)
    if (length > MAX_HELLO_BYTES) this.verdict = NOT_TLS
    else if (this.messageBytes >= MESSAGE_HEADER_BYTES + length) {
      this.verdict = parseClientHello(this.message.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + length))
    }
  }

  private reserve(bytes: number): void {
    if (bytes <= this.message.length) return
    const grown = Buffer.alloc(Math.max(bytes, this.message.length * 2))
    this.message.copy(grown, 0, 0, this.messageBytes)
    this.message = grown
  }
}

/** A cursor over length-prefixed fields; `failed` once something reached past the end. */
class FieldReader {
  private readonly bytes: Buffer
  private at = 0
  failed = false

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length
  }

  number(size: 1 | 2): number {
    const field = this.take(size)
    return field.length === size ? field.readUIntBE(0, size) : 0
  }

  /** A vector with a length prefix of `size` bytes. */
  vector(size: 1 | 2): Buffer {
    return this.take(this.number(size))
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) this.failed = true
    const field = this.failed ? this.bytes.subarray(0, 0) : this.bytes.subarray(this.at, this.at + length)
    this.at += field.length
    return field
  }
}

/** The body of the message. What is not understood (GREASE, Encrypted ClientHello, ...) is passed over: of ECH the outer name counts. */
function parseClientHello(body: Buffer): TlsVerdict {
  const reader = new FieldReader(body)
  reader.take(2 + 32)
  reader.vector(1)
  const cipherSuites = reader.vector(2)
  const compressions = reader.vector(1)
  if (reader.failed || cipherSuites.length < 2 || cipherSuites.length % 2 !== 0 || compressions.length === 0)
    return NOT_TLS
  if (reader.atEnd) return { kind: 'tls', serverName: '', alpn: [] }
  const extensions = reader.vector(2)
  if (reader.failed || !reader.atEnd) return NOT_TLS
  return parseExtensions(extensions)
}

function parseExtensions(bytes: Buffer): TlsVerdict {
  const reader = new FieldReader(bytes)
  let serverName: string | undefined
  let alpn: readonly string[] | undefined
  while (!reader.atEnd && !reader.failed) {
    const type = reader.number(2)
    const extension = reader.vector(2)
    if (reader.failed) return NOT_TLS
    // Twice the same extension is forbidden, and a server that took the other one would be reached under a false name.
    if (type === EXTENSION_SERVER_NAME) {
      if (serverName !== undefined) return NOT_TLS
      serverName = parseServerName(extension)
      if (serverName === undefined) return NOT_TLS
    } else if (type === EXTENSION_ALPN) {
      if (alpn !== undefined) return NOT_TLS
      alpn = parseAlpn(extension)
      if (alpn === undefined) return NOT_TLS
    }
  }
  return reader.failed ? NOT_TLS : { kind: 'tls', serverName: serverName ?? '', alpn: alpn ?? [] }
}

/** RFC 6066 3: a list of exactly one host name, which is printable ASCII. */
function parseServerName(extension: Buffer): string | undefined {
  const reader = new FieldReader(extension)
  const list = new FieldReader(reader.vector(2))
  const type = list.number(1)
  const name = list.vector(2).toString('latin1')
  if (reader.failed || !reader.atEnd || list.failed || !list.atEnd || type !== 0) return undefined
  if (!/^[!-~]{1,255}$/.test(name)) return undefined
  return name.toLowerCase().replace(/\.$/, '')
}

/** RFC 7301 3.1: a list of names of 1 to 255 bytes. */
function parseAlpn(extension: Buffer): readonly string[] | undefined {
  const reader = new FieldReader(extension)
  const list = new FieldReader(reader.vector(2))
  const names: string[] = []
  while (!list.atEnd && !list.failed) {
    const name = list.vector(1).toString('latin1')
    if (name === '') return undefined
    names.push(name)
  }
  return reader.failed || !reader.atEnd || list.failed || names.length === 0 ? undefined : names
}
