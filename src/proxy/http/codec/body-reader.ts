import { ChunkParser } from './chunk-parser.ts'
import type { CodecFault } from './codec-fault.ts'
import { OTHER_FIELD } from './field-id.ts'
import { type Fields, fieldsOf, NO_FIELDS } from './fields.ts'
import { CHUNKED, type Framing, UNTIL_CLOSE } from './framing.ts'
import { type HeadLimits, HeadParser } from './head-parser.ts'

/** Reads a message's body, in whichever way its end is known. */
export class BodyReader {
  fault: CodecFault | undefined = undefined
  trailers: Fields = NO_FIELDS
  /** After `read`: a piece of the body, without any framing; empty when there is none. */
  dataStart = 0
  dataEnd = 0
  done = true
  #framing: Framing = 0
  #left = 0
  readonly #chunks = new ChunkParser()
  readonly #limits: HeadLimits
  /** Made when the first chunked body ends. */
  #trailerParser: HeadParser | undefined = undefined

  constructor(limits: HeadLimits) {
    this.#limits = limits
  }

  start(framing: Framing): void {
    this.fault = undefined
    this.trailers = NO_FIELDS
    this.#framing = framing
    this.#left = framing
    this.done = framing === 0
    if (framing === CHUNKED) this.#chunks.reset()
  }

  /** Reads until a piece of data, the end of the body, `end`, or a fault (-1). Returns where it stopped. */
  read(bytes: Buffer, start: number, end: number): number {
    if (this.#framing === CHUNKED) return this.#readChunked(bytes, start, end)
    this.dataStart = start
    if (this.#framing === UNTIL_CLOSE) {
      this.dataEnd = end
      return end
    }
    this.dataEnd = Math.min(end, start + this.#left)
    this.#left -= this.dataEnd - start
    this.done = this.#left === 0
    return this.dataEnd
  }

  /** The peer will send no more: true when that is where the body ends. */
  endsHere(): boolean {
    if (this.#framing === UNTIL_CLOSE) this.done = true
    return this.done
  }

  #readChunked(bytes: Buffer, start: number, end: number): number {
    let pos = start
    if (!this.#chunks.last) {
      pos = this.#chunks.read(bytes, start, end)
      this.dataStart = this.#chunks.dataStart
      this.dataEnd = this.#chunks.dataEnd
      if (pos === -1) {
        this.fault = this.#chunks.fault
        return -1
      }
      if (!this.#chunks.last) return pos
      this.#trailerParser ??= new HeadParser('none', this.#limits)
      this.#trailerParser.reset()
    }
    return this.#readTrailers(bytes, pos, end)
  }

  #readTrailers(bytes: Buffer, start: number, end: number): number {
    const parser = this.#trailerParser!
    this.dataStart = this.dataEnd = start
    const pos = parser.read(bytes, start, end)
    if (pos === -1) {
      this.fault = parser.fault
      return -1
    }
    if (parser.done) {
      this.trailers = trailersOf(parser.takeFields())
      this.done = true
    }
    return pos
  }
}

/** Trailers must not say again what only a head may say: lengths, codings, hosts (RFC 9110, 6.5.1). Such fields are left out. */
function trailersOf(fields: Fields): Fields {
  const kept: (readonly [string, string])[] = []
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) === OTHER_FIELD) kept.push([fields.nameAt(i), fields.valueAt(i)])
  }
  return kept.length === fields.count ? fields : fieldsOf(kept)
}
