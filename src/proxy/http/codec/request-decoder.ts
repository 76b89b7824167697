import { METHODS } from '#proxy/http/node-http.ts'
import { type CodecFault, DUPLICATE_HOST, INVALID_HOST, INVALID_METHOD, MISSING_HOST } from './codec-fault.ts'
import { CONNECTION, EXPECT, HOST, UPGRADE } from './field-id.ts'
import type { Fields } from './fields.ts'
import { framingOf } from './framing.ts'
import type { HeadLimits, HeadParser } from './head-parser.ts'
import { type CodecEvent, MessageDecoder } from './message-decoder.ts'
import { listHas, type RequestHead } from './message-head.ts'
import { authorityOf, parseTarget } from './request-target.ts'

/** The methods that are registered; an unknown one could mean a body to one server and none to another. */
const KNOWN_METHODS: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, method]))

/** Requests: pipelined ones wait their turn. */
export class RequestDecoder extends MessageDecoder {
  head: RequestHead | undefined = undefined
  /** The request said that it is the client's last: what comes behind it is ignored (RFC 9112, 9.6). */
  #last = false
  #ignored = false

  constructor(limits?: HeadLimits) {
    super('request', limits)
  }

  /** True between two requests, with no byte of the next one seen. */
  get atRest(): boolean {
    return !this.inBody && this.parser.untouched && this.pos === this.end && !this.#ignored && this.fault === undefined
  }

  protected override nextOfHead(): CodecEvent {
    if (this.#last) {
      this.pos = this.end
      this.#ignored = true
      return 'more'
    }
    const parsed = this.parseHead()
    if (parsed !== 'head') return parsed
    const head = requestHeadOf(this.parser)
    this.parser.reset()
    if ('details' in head) return this.fail(head)
    this.head = head
    this.body.start(head.framing)
    this.inBody = true
    this.#last = !head.keepAlive
    return 'head'
  }
}

function requestHeadOf(parser: HeadParser): RequestHead | CodecFault {
  const fields = parser.takeFields()
  const { text } = fields
  const method = methodOf(text, parser.startOffset, parser.methodEnd)
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

/** Most requests are a GET: for them nothing has to be looked up. */
function methodOf(text: string, start: number, end: number): string | undefined {
  return text.startsWith('GET ', start) ? 'GET' : KNOWN_METHODS.get(text.slice(start, end))
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
  return authorityOf(host) ?? INVALID_HOST
}
