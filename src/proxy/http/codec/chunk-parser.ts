import { BYTE_CLASS, CR, EQUALS, HEX, LF, QUOTE, QUOTED, SEMICOLON, TOKEN } from './byte-class.ts'
import { CHUNK_EXTENSIONS_TOO_LARGE, type CodecFault, INVALID_CHUNK } from './codec-fault.ts'

const SIZE = 0
const EXTENSION_START = 1
const EXTENSION_NAME = 2
const EXTENSION_VALUE_START = 3
const EXTENSION_VALUE = 4
const EXTENSION_QUOTED = 5
const EXTENSION_QUOTED_END = 6
const SIZE_LF = 7
const DATA = 8
const DATA_CR = 9
const DATA_LF = 10
const LAST = 11
const FAILED = 12

/** 2^48 bytes in one chunk are enough for anybody. */
const MOST_SIZE_DIGITS = 12
/** Extensions carry nothing that we pass on; a sender that spends more on them, over one message, is up to something. */
const MOST_EXTENSION_BYTES = 16 * 1024

/** Reads the chunked coding (RFC 9112, 7.1) up to and including the line of the last chunk; the trailers behind it are a HeadParser's. */
export class ChunkParser {
  fault: CodecFault | undefined = undefined
  #state = SIZE
  #digits = 0
  #left = 0
  #extensionBytes = 0
  /** After `read`: a piece of the body in the chunk that was read, empty when there is none yet. */
  dataStart = 0
  dataEnd = 0

  reset(): void {
    this.fault = undefined
    this.#state = SIZE
    this.#digits = 0
    this.#left = 0
    this.#extensionBytes = 0
  }

  /** True behind the last chunk's line: trailers follow. */
  get last(): boolean {
    return this.#state === LAST
  }

  /** Reads until a piece of data was found, the last chunk, `end`, or a fault (-1). Returns where it stopped. */
  read(bytes: Buffer, start: number, end: number): number {
    let pos = start
    this.dataStart = this.dataEnd = start
    while (pos < end) {
      if (this.#state === DATA) {
        this.dataStart = pos
        this.dataEnd = Math.min(end, pos + this.#left)
        this.#left -= this.dataEnd - pos
        if (this.#left === 0) this.#state = DATA_CR
        return this.dataEnd
      }
      this.#state = this.#next(bytes[pos++]!)
      if (this.#state === LAST) return pos
      if (this.#state === FAILED) {
        this.fault ??= INVALID_CHUNK
        return -1
      }
    }
    return pos
  }

  #next(byte: number): number {
    switch (this.#state) {
      case SIZE:
        return this.#inSize(byte)
      case SIZE_LF:
        if (byte !== LF) return FAILED
        this.#digits = 0
        return this.#left === 0 ? LAST : DATA
      case DATA_CR:
        return byte === CR ? DATA_LF : FAILED
      case DATA_LF:
        return byte === LF ? SIZE : FAILED
      default:
        return this.#inExtension(byte)
    }
  }

  #inSize(byte: number): number {
    if ((BYTE_CLASS[byte]! & HEX) !== 0) {
      if (++this.#digits > MOST_SIZE_DIGITS) return FAILED
      this.#left = this.#left * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
      return SIZE
    }
    if (this.#digits === 0) return FAILED
    if (byte === CR) return SIZE_LF
    return byte === SEMICOLON ? EXTENSION_START : FAILED
  }

  /** `;name`, `;name=token` or `;name="text"`: no white space and no escapes, which parsers disagree about. */
  #inExtension(byte: number): number {
    if (++this.#extensionBytes > MOST_EXTENSION_BYTES) {
      this.fault = CHUNK_EXTENSIONS_TOO_LARGE
      return FAILED
    }
    const token = (BYTE_CLASS[byte]! & TOKEN) !== 0
    switch (this.#state) {
      case EXTENSION_START:
        return token ? EXTENSION_NAME : FAILED
      case EXTENSION_NAME:
        if (token) return EXTENSION_NAME
        return byte === EQUALS ? EXTENSION_VALUE_START : afterExtension(byte)
      case EXTENSION_VALUE_START:
        if (byte === QUOTE) return EXTENSION_QUOTED
        return token ? EXTENSION_VALUE : FAILED
      case EXTENSION_VALUE:
        return token ? EXTENSION_VALUE : afterExtension(byte)
      case EXTENSION_QUOTED:
        if (byte === QUOTE) return EXTENSION_QUOTED_END
        return (BYTE_CLASS[byte]! & QUOTED) !== 0 ? EXTENSION_QUOTED : FAILED
      default:
        return afterExtension(byte)
    }
  }
}

function afterExtension(byte: number): number {
  if (byte === CR) return SIZE_LF
  return byte === SEMICOLON ? EXTENSION_START : FAILED
}
