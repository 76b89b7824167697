import { METHODS } from '#proxy/http/node-http.ts'
import { BodyReader } from './body-reader.ts'
import { type CodecFault, DUPLICATE_HOST, INVALID_HOST, INVALID_METHOD, MISSING_HOST } from './codec-fault.ts'
import { CONNECTION, EXPECT, HOST, UPGRADE } from './field-id.ts'
import type { Fields } from './fields.ts'
import { framingOf } from './framing.ts'
import { DEFAULT_HEAD_LIMITS, type HeadLimits, HeadParser } from './head-parser.ts'
import { listHas, type RequestHead } from './message-head.ts'
import { isAuthority, parseTarget } from './request-target.ts'

/** What a decoder found next: see RequestDecoder and ResponseDecoder. */
export type CodecEvent = 'head' | 'body' | 'end' | 'more' | 'fault'

/** The methods that are registered; an unknown one could mean a body to one server and none to another. */
const KNOWN_METHODS: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, method]))

const NOTHING = Buffer.alloc(0)

/**
 * Requests out of a connection's bytes, pulled one event at a time: 'head' (see `head`), 'body' (`bytes[dataStart, dataEnd)`),
 * 'end' (`trailers`), 'more' (feed the next chunk), 'fault' (`fault`; nothing more will come).
 * Nothing behind the end of a request is looked at before `next` is called again, so pipelined requests wait their turn.
 */
export class RequestDecoder {
  head: RequestHead | undefined = undefined
  fault: CodecFault | undefined = undefined
  bytes: Buffer = NOTHING
  readonly #parser: HeadParser
  readonly #body: BodyReader
  #pos = 0
  #end = 0
  #inBody = false
  /** The request said that it is the client's last: what comes behind it is ignored (RFC 9112, 9.6). */
  #last = false
  #ignored = false

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#parser = new HeadParser('request', limits)
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

  /** True between two requests, with no byte of the next one seen. */
  get atRest(): boolean {
    return (
      !this.#inBody && this.#parser.untouched && this.#pos === this.#end && !this.#ignored && this.fault === undefined
    )
  }

  /** Only when `next` said 'more', or at the start. The chunk is not kept after it is used up. */
  feed(chunk: Buffer): void {
    this.bytes = chunk
    this.#pos = 0
    this.#end = chunk.length
  }

  /** The bytes of the chunk that were not looked at yet; they count as used up. */
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

  #nextOfHead(): CodecEvent {
    if (this.#pos === this.#end) return 'more'
    if (this.#last) {
      this.#pos = this.#end
      this.#ignored = true
      return 'more'
    }
    const parser = this.#parser
    const pos = parser.read(this.bytes, this.#pos, this.#end)
    if (pos === -1) return this.#fail(parser.fault!)
    this.#pos = pos
    if (!parser.done) return 'more'
    const head = requestHeadOf(parser)
    parser.reset()
    if ('details' in head) return this.#fail(head)
    this.head = head
    this.#body.start(head.framing)
    this.#inBody = true
    this.#last = !head.keepAlive
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

function requestHeadOf(parser: HeadParser): RequestHead | CodecFault {
  const fields = parser.takeFields()
  const { text } = fields
  const method = KNOWN_METHODS.get(text.slice(parser.startOffset, parser.methodEnd))
  if (method === undefined) return INVALID_METHOD
  const target = text.slice(parser.targetStart, parser.targetEnd)
  const parsed = parseTarget(method, target)
  if ('details' in parsed) return parsed
  const host = hostOf(fields, parser.minorVersion)
  if (typeof host === 'object') return host
  const framing = framingOf(fields, parser.minorVersion, 0)
  if (typeof framing === 'object') return framing
  const connection = fields.joinedById(CONNECTION)
  const http11 = parser.minorVersion === 1
  return {
    method,
    target,
    path: parsed.path,
    // An absolute target overrides the Host field (RFC 9112, 3.2.2).
    authority: parsed.authority === '' ? host : parsed.authority,
    scheme: parsed.scheme,
    protocol: http11 ? 'HTTP/1.1' : 'HTTP/1.0',
    fields,
    framing,
    keepAlive: http11 ? !listHas(connection, 'close') : listHas(connection, 'keep-alive'),
    upgrade: listHas(connection, 'upgrade') && http11 ? (fields.joinedById(UPGRADE) ?? '').toLowerCase() : '',
    expectsContinue: http11 && fields.getById(EXPECT)?.toLowerCase() === '100-continue',
  }
}

/** The Host field: exactly one, and a host; HTTP/1.0 may leave it out. */
function hostOf(fields: Fields, minorVersion: number): string | CodecFault {
  let host: string | undefined
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) !== HOST) continue
    if (host !== undefined) return DUPLICATE_HOST
    host = fields.valueAt(i)
  }
  if (host === undefined) return minorVersion === 0 ? '' : MISSING_HOST
  return isAuthority(host) ? host : INVALID_HOST
}
