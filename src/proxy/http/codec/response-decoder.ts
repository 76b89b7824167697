import { type CodecFault, INCOMPLETE } from './codec-fault.ts'
import { CONNECTION } from './field-id.ts'
import { framingOf, UNTIL_CLOSE } from './framing.ts'
import type { HeadLimits, HeadParser } from './head-parser.ts'
import { type CodecEvent, MessageDecoder } from './message-decoder.ts'
import { listHas, type ResponseHead } from './message-head.ts'

/**
 * Responses. A head with an informational status (1xx but 101) has no 'end' of its own: the response that it announces follows. After a 101 `next`
 * gives 'end'; the rest of the bytes is the other protocol's.
 */
export class ResponseDecoder extends MessageDecoder {
  head: ResponseHead | undefined = undefined
  #method = ''
  #expected = false

  constructor(limits?: HeadLimits) {
    super('status', limits)
  }

  /** True while no byte of the response has come. */
  get untouched(): boolean {
    return !this.inBody && this.parser.untouched
  }

  /** A request of this method was sent: its response is next. Bytes that come without one are a fault. */
  expect(method: string): void {
    this.#method = method
    this.#expected = true
  }

  /** The server will send no more: 'end' when that ends the body, 'fault' in the middle of a message. */
  nextAtEnd(): CodecEvent {
    if (this.inBody && this.body.endsHere()) {
      this.inBody = false
      return 'end'
    }
    return this.fail(INCOMPLETE)
  }

  protected override nextOfHead(): CodecEvent {
    if (!this.#expected) return this.fail(INCOMPLETE)
    const parsed = this.parseHead()
    if (parsed !== 'head') return parsed
    const head = responseHeadOf(this.parser, this.#method)
    this.parser.reset()
    if ('details' in head) return this.fail(head)
    this.head = head
    if (head.status >= 200 || head.status === 101) {
      this.body.start(head.framing)
      this.inBody = true
      this.#expected = false
    }
    return 'head'
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
