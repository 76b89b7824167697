import { BodyReader } from './body-reader.ts'
import { type CodecFault, INCOMPLETE } from './codec-fault.ts'
import { CONNECTION } from './field-id.ts'
import type { Fields } from './fields.ts'
import { framingOf, UNTIL_CLOSE } from './framing.ts'
import { DEFAULT_HEAD_LIMITS, type HeadLimits, HeadParser } from './head-parser.ts'
import { listHas, type ResponseHead } from './message-head.ts'
import type { CodecEvent } from './request-decoder.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Responses out of a connection's bytes, pulled as from RequestDecoder. A head with an informational status (1xx but 101) has no 'end'
 * of its own: the response that it announces follows. After a 101 `next` gives 'end'; the rest of the bytes is the other protocol's.
 */
export class ResponseDecoder {
  head: ResponseHead | undefined = undefined
  fault: CodecFault | undefined = undefined
  bytes: Buffer = NOTHING
  readonly #parser: HeadParser
  readonly #body: BodyReader
  #pos = 0
  #end = 0
  #inBody = false
  #method = ''
  #expected = false

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#parser = new HeadParser('status', limits)
    this.#body = new BodyReader(limits)
  }

  get dataStart(): number {
    return this.#body.dataStart
  }

  get dataEnd(): number {
    return this.#body.dataEnd
  }

  get trailers(): Fields {
    return this.#body.trailers
  }

  /** True while no byte of the response has come. */
  get untouched(): boolean {
    return !this.#inBody && this.#parser.untouched
  }

  /** A request of this method was sent: its response is next. Bytes that come without one are a fault. */
  expect(method: string): void {
    this.#method = method
    this.#expected = true
  }

  feed(chunk: Buffer): void {
    this.bytes = chunk
    this.#pos = 0
    this.#end = chunk.length
  }

  takeRest(): Buffer {
    if (this.#pos === this.#end) return NOTHING
    const rest = this.bytes.subarray(this.#pos, this.#end)
    this.#pos = this.#end
    return rest
  }

  next(): CodecEvent {
    if (this.fault !== undefined) return 'fault'
    return this.#inBody ? this.#nextOfBody() : this.#nextOfHead()
  }

  /** The server will send no more: 'end' when that ends the body, 'fault' in the middle of a message. */
  nextAtEnd(): CodecEvent {
    if (this.#inBody && this.#body.endsHere()) {
      this.#inBody = false
      return 'end'
    }
    return this.#fail(INCOMPLETE)
  }

  #nextOfHead(): CodecEvent {
    if (this.#pos === this.#end) return 'more'
    const parser = this.#parser
    if (!this.#expected) return this.#fail(INCOMPLETE)
    const pos = parser.read(this.bytes, this.#pos, this.#end)
    if (pos === -1) return this.#fail(parser.fault!)
    this.#pos = pos
    if (!parser.done) return 'more'
    const head = responseHeadOf(parser, this.#method)
    parser.reset()
    if ('details' in head) return this.#fail(head)
    this.head = head
    if (head.status >= 200 || head.status === 101) {
      this.#body.start(head.framing)
      this.#inBody = true
      this.#expected = false
    }
    return 'head'
  }

  #nextOfBody(): CodecEvent {
    const body = this.#body
    while (!body.done) {
      if (this.#pos === this.#end) return 'more'
      const pos = body.read(this.bytes, this.#pos, this.#end)
      if (pos === -1) return this.#fail(body.fault!)
      this.#pos = pos
      if (body.dataEnd > body.dataStart) return 'body'
    }
    this.#inBody = false
    return 'end'
  }

  #fail(fault: CodecFault): CodecEvent {
    this.fault = fault
    return 'fault'
  }
}

function responseHeadOf(parser: HeadParser, method: string): ResponseHead | CodecFault {
  const fields = parser.takeFields()
  const { status, minorVersion } = parser
  const declared = framingOf(fields, minorVersion, UNTIL_CLOSE)
  if (typeof declared === 'object') return declared
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304
  const framing = bodiless ? 0 : declared
  const connection = fields.joinedById(CONNECTION)
  const persistent = minorVersion === 1 ? !listHas(connection, 'close') : listHas(connection, 'keep-alive')
  return {
    status,
    reason: fields.text.slice(parser.reasonStart, parser.reasonEnd),
    minorVersion,
    fields,
    framing,
    keepAlive: persistent && framing !== UNTIL_CLOSE,
  }
}
