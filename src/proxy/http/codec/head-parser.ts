import { BYTE_CLASS, COLON, CR, DIGIT, HT, LF, SP, TARGET, TEXT, TOKEN } from './byte-class.ts'
import {
  type CodecFault,
  HEADERS_TOO_LARGE,
  INVALID_FIELD,
  INVALID_METHOD,
  INVALID_REQUEST_LINE,
  INVALID_STATUS_LINE,
  INVALID_TARGET,
  INVALID_VERSION,
  TOO_MANY_HEADERS,
} from './codec-fault.ts'
import { FieldLines } from './field-lines.ts'
import type { Fields } from './fields.ts'

/** What stands in front of the field lines. */
export type StartLine = 'request' | 'status' | 'none'

export interface HeadLimits {
  /** Start line and field lines together; Envoy's default is 60 KiB. */
  readonly maxHeadBytes: number
  /** Envoy's default is 100. */
  readonly maxFields: number
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = { maxHeadBytes: 60 * 1024, maxFields: 100 }

// States, in the order in which they are gone through.
const START = 0
const START_LF = 1
const METHOD = 2
const TARGET_STATE = 3
const VERSION = 4
const STATUS = 5
const REASON = 6
const LINE_LF = 7
const FIELD_START = 8
const NAME = 9
const VALUE_START = 10
const VALUE = 11
const END_LF = 12
const DONE = 13
const FAILED = 14

const VERSION_BYTES: Uint8Array = Buffer.from('HTTP/1.', 'latin1')
const LONGEST_METHOD = 24
const MOST_KEPT_BYTES = 4096
const NOTHING = Buffer.alloc(0)

/**
 * Reads one head (start line and field lines) byte by byte, across any number of chunks. Every byte is looked at once, and what
 * is wrong is told at that byte: how the bytes were cut into chunks makes no difference.
 * Stricter than RFC 9112 obliges: no bare LF, no folded lines, no space before a colon, no other version than 1.0 and 1.1.
 */
export class HeadParser {
  fault: CodecFault | undefined = undefined
  /** Offsets into `text`, valid once `read` said so. */
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  reasonStart = 0
  reasonEnd = 0
  startOffset = 0
  status = 0
  /** 0 or 1 of HTTP/1.x */
  minorVersion = 1
  #state = START
  readonly #startLine: StartLine
  readonly #limits: HeadLimits
  /** Where the head begins in #bytes; offsets are relative to it. */
  #base = 0
  #pos = 0
  #limit = 0
  #bytes: Buffer = NOTHING
  /** Copy of a head that came in more than one chunk. */
  #held: Buffer = NOTHING
  #heldLength = 0
  #matched = 0
  readonly #lines: FieldLines
  #nameStart = 0
  #nameEnd = 0
  #valueStart = 0

  constructor(startLine: StartLine, limits: HeadLimits) {
    this.#startLine = startLine
    this.#limits = limits
    this.#lines = new FieldLines(limits.maxFields)
    this.reset()
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.fault = undefined
    this.#state = this.#startLine === 'none' ? FIELD_START : START
    this.#pos = 0
    this.#heldLength = 0
    // A connection that idles keeps no large buffer for the sake of one large head.
    if (this.#held.length > MOST_KEPT_BYTES) this.#held = NOTHING
    this.#matched = 0
    this.#lines.clear()
    this.status = 0
    this.startOffset = 0
  }

  /** True while not a byte of a head has come. */
  get untouched(): boolean {
    return this.#heldLength === 0 && this.#pos === 0
  }

  get done(): boolean {
    return this.#state === DONE
  }

  /** Reads from `chunk[start, end)`; returns where it stopped: behind the head when `done`, at `end` when more is needed, -1 when `fault` is set. */
  read(chunk: Buffer, start: number, end: number): number {
    const before = this.#heldLength
    if (before === 0) {
      this.#bytes = chunk
      this.#base = start
      this.#pos = start
    } else {
      end = Math.min(end, start + this.#limits.maxHeadBytes + 1 - before)
      this.#hold(chunk, start, end)
      this.#bytes = this.#held
      this.#base = 0
      this.#pos = before
    }
    const available = before === 0 ? end : this.#heldLength
    const allowed = this.#base + this.#limits.maxHeadBytes
    this.#limit = Math.min(available, allowed)
    this.#run()
    if (this.#state === FAILED) return -1
    if (this.#state === DONE) return before === 0 ? this.#pos : start + this.#pos - before
    if (available > allowed) {
      this.#fail(HEADERS_TOO_LARGE)
      return -1
    }
    if (before === 0) this.#hold(chunk, start, end)
    return end
  }

  /** The head's bytes as latin-1 text; only when `done`, and while the chunk is still valid. */
  takeFields(): Fields {
    return this.#lines.take(this.#bytes.toString('latin1', this.#base, this.#pos))
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const length = this.#heldLength + end - start
    if (length > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, 2 * length))
      this.#held.copy(grown, 0, 0, this.#heldLength)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldLength, start, end)
    this.#heldLength = length
  }

  #fail(fault: CodecFault): false {
    this.fault = fault
    this.#state = FAILED
    return false
  }

  #run(): void {
    while (this.#state !== DONE && this.#step()) {}
  }

  /** False when the bytes are used up or wrong. */
  #step(): boolean {
    switch (this.#state) {
      case START:
        return this.#atStart()
      case START_LF:
        return this.#expectLf(START, INVALID_REQUEST_LINE)
      case METHOD:
        return this.#inMethod()
      case TARGET_STATE:
        return this.#inTarget()
      case VERSION:
        return this.#inVersion()
      case STATUS:
        return this.#inStatus()
      case REASON:
        return this.#inReason()
      case LINE_LF:
        return this.#expectLf(FIELD_START, INVALID_FIELD)
      case FIELD_START:
        this.#wholeLines()
        return this.#atFieldStart()
      case NAME:
        return this.#inName()
      case VALUE_START:
        return this.#atValueStart()
      case VALUE:
        return this.#inValue()
      case END_LF:
        return this.#expectLf(DONE, INVALID_FIELD)
      default:
        return false
    }
  }

  #atStart(): boolean {
    if (this.#pos === this.#limit) return false
    const byte = this.#bytes[this.#pos]!
    this.startOffset = this.#pos - this.#base
    if (this.#startLine === 'status') {
      this.#state = VERSION
      return true
    }
    // Empty lines before a request line are skipped (RFC 9112, 2.2).
    if (byte === CR) {
      this.#pos++
      this.#state = START_LF
      return true
    }
    this.#state = METHOD
    return true
  }

  #expectLf(next: number, fault: CodecFault): boolean {
    if (this.#pos === this.#limit) return false
    if (this.#bytes[this.#pos] !== LF) return this.#fail(fault)
    this.#pos++
    this.#state = next
    return true
  }

  #skip(byteClass: number): number {
    const bytes = this.#bytes
    const limit = this.#limit
    let pos = this.#pos
    while (pos < limit && (BYTE_CLASS[bytes[pos]!]! & byteClass) !== 0) pos++
    this.#pos = pos
    return pos < limit ? bytes[pos]! : -1
  }

  #inMethod(): boolean {
    const byte = this.#skip(TOKEN)
    const length = this.#pos - this.#base - this.startOffset
    if (length > LONGEST_METHOD) return this.#fail(INVALID_METHOD)
    if (byte === -1) return false
    if (byte !== SP || length === 0) return this.#fail(INVALID_METHOD)
    this.methodEnd = this.#pos - this.#base
    this.#pos++
    this.targetStart = this.methodEnd + 1
    this.#state = TARGET_STATE
    return true
  }

  #inTarget(): boolean {
    const byte = this.#skip(TARGET)
    if (byte === -1) return false
    this.targetEnd = this.#pos - this.#base
    if (byte !== SP || this.targetEnd === this.targetStart) return this.#fail(INVALID_TARGET)
    this.#pos++
    this.#state = VERSION
    return true
  }

  #inVersion(): boolean {
    while (this.#matched < VERSION_BYTES.length) {
      if (this.#pos === this.#limit) return false
      if (this.#bytes[this.#pos] !== VERSION_BYTES[this.#matched]) return this.#fail(INVALID_VERSION)
      this.#pos++
      this.#matched++
    }
    if (this.#pos === this.#limit) return false
    if (this.#matched === VERSION_BYTES.length) {
      const minor = this.#bytes[this.#pos]! - 0x30
      if (minor !== 0 && minor !== 1) return this.#fail(INVALID_VERSION)
      this.minorVersion = minor
      this.#pos++
      this.#matched++
      return true
    }
    const expected = this.#startLine === 'status' ? SP : CR
    if (this.#bytes[this.#pos] !== expected) return this.#fail(INVALID_VERSION)
    this.#pos++
    this.#matched = 0
    this.#state = this.#startLine === 'status' ? STATUS : LINE_LF
    return true
  }

  #inStatus(): boolean {
    if (this.#pos === this.#limit) return false
    const byte = this.#bytes[this.#pos]!
    if (this.#matched < 3) {
      if ((BYTE_CLASS[byte]! & DIGIT) === 0) return this.#fail(INVALID_STATUS_LINE)
      this.status = this.status * 10 + byte - 0x30
      this.#matched++
      this.#pos++
      return true
    }
    if (this.status < 100 || (byte !== SP && byte !== CR)) return this.#fail(INVALID_STATUS_LINE)
    this.reasonStart = this.#pos - this.#base + (byte === SP ? 1 : 0)
    if (byte === SP) this.#pos++
    this.#state = REASON
    return true
  }

  #inReason(): boolean {
    const byte = this.#skip(TEXT)
    if (byte === -1) return false
    if (byte !== CR) return this.#fail(INVALID_STATUS_LINE)
    this.reasonEnd = this.#pos - this.#base
    this.#pos++
    this.#state = LINE_LF
    return true
  }

  /**
   * Takes the field lines that are here as a whole and well-formed, without a state for each of their parts. Anything else, and what is left,
   * the states decide, from the beginning of its line.
   */
  #wholeLines(): void {
    const bytes = this.#bytes
    const limit = this.#limit
    for (;;) {
      const start = this.#pos
      let pos = start
      while (pos < limit && (BYTE_CLASS[bytes[pos]!]! & TOKEN) !== 0) pos++
      const nameEnd = pos
      if (nameEnd === start || pos === limit || bytes[pos] !== COLON) return
      pos++
      while (pos < limit && (bytes[pos] === SP || bytes[pos] === HT)) pos++
      const valueStart = pos
      while (pos < limit && (BYTE_CLASS[bytes[pos]!]! & TEXT) !== 0) pos++
      if (pos + 1 >= limit || bytes[pos] !== CR || bytes[pos + 1] !== LF) return
      if (this.#lines.full) return
      this.#lines.add(bytes, this.#base, start, nameEnd, valueStart, pos)
      this.#pos = pos + 2
    }
  }

  #atFieldStart(): boolean {
    if (this.#pos === this.#limit) return false
    if (this.#bytes[this.#pos] === CR) {
      this.#pos++
      this.#state = END_LF
      return true
    }
    if (this.#lines.full) return this.#fail(TOO_MANY_HEADERS)
    this.#nameStart = this.#pos - this.#base
    this.#state = NAME
    return true
  }

  #inName(): boolean {
    const byte = this.#skip(TOKEN)
    if (byte === -1) return false
    this.#nameEnd = this.#pos - this.#base
    if (byte !== COLON || this.#nameEnd === this.#nameStart) return this.#fail(INVALID_FIELD)
    this.#pos++
    this.#state = VALUE_START
    return true
  }

  #atValueStart(): boolean {
    const bytes = this.#bytes
    while (this.#pos < this.#limit && (bytes[this.#pos] === SP || bytes[this.#pos] === HT)) this.#pos++
    if (this.#pos === this.#limit) return false
    this.#valueStart = this.#pos - this.#base
    this.#state = VALUE
    return true
  }

  #inValue(): boolean {
    const byte = this.#skip(TEXT)
    if (byte === -1) return false
    if (byte !== CR) return this.#fail(INVALID_FIELD)
    const base = this.#base
    this.#lines.add(this.#bytes, base, base + this.#nameStart, base + this.#nameEnd, base + this.#valueStart, this.#pos)
    this.#pos++
    this.#state = LINE_LF
    return true
  }
}
