/** What the first bytes of a connection say about HTTP in clear text. */
export type HttpVerdict = 'more' | 'not_http' | 'http/1.0' | 'http/1.1' | 'h2c'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** Longer methods are not HTTP's; the longest that is registered (UPDATEREDIRECTREF) has 17 letters. */
const MAX_METHOD_BYTES = 32
/** Envoy's bound for its inspector's buffer. */
const MAX_LINE_BYTES = 65_536
const VERSIONS: Readonly<Record<string, HttpVerdict>> = { 'HTTP/1.0': 'http/1.0', 'HTTP/1.1': 'http/1.1' }

/**
 * Reads the first line of a connection, in whatever pieces it comes: "METHOD target HTTP/1.x", or the HTTP/2 preface.
 * Says 'not_http' at the first byte that cannot be. Each byte is looked at once.
 */
export class RequestLineReader {
  private lineBytes = 0
  private spaces = 0
  private prefaceBytes = 0
  /** The word behind the last space, as far as it is short enough to be a version. */
  private lastWord = ''
  private verdict: HttpVerdict = 'more'

  /** Takes the next bytes; once it has said other than 'more' it says the same for ever. */
  push(chunk: Buffer): HttpVerdict {
    for (let i = 0; i < chunk.length && this.verdict === 'more'; i++) this.verdict = this.pushByte(chunk[i] as number)
    return this.verdict
  }

  private pushByte(byte: number): HttpVerdict {
    // As long as all bytes are the preface's they are looked at as such only: it goes on past the first line's end.
    if (this.prefaceBytes === this.lineBytes && byte === PREFACE[this.prefaceBytes]) this.prefaceBytes++
    const isPreface = this.prefaceBytes === ++this.lineBytes
    if (isPreface && this.prefaceBytes === PREFACE.length) return 'h2c'
    if (isPreface && this.lineBytes > PREFACE.indexOf('\r')) return 'more'
    if (this.lineBytes > MAX_LINE_BYTES) return 'not_http'
    if (byte === 0x0a) return this.spaces === 2 ? (VERSIONS[this.lastWord] ?? 'not_http') : 'not_http'
    if (this.spaces === 0) return this.pushMethodByte(byte)
    if (byte === 0x20) {
      this.spaces++
      this.lastWord = ''
      return 'more'
    }
    if (byte === 0x0d) return 'more'
    if (byte < 0x21 || byte === 0x7f) return 'not_http'
    if (this.lastWord.length <= 8) this.lastWord += String.fromCharCode(byte)
    return 'more'
  }

  private pushMethodByte(byte: number): HttpVerdict {
    if (byte === 0x20 && this.lineBytes > 1) {
      this.spaces = 1
      return 'more'
    }
    return isTokenByte(byte) && this.lineBytes <= MAX_METHOD_BYTES ? 'more' : 'not_http'
  }
}

/** RFC 9110 5.6.2: tchar. */
function isTokenByte(byte: number): boolean {
  return /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte))
}
