import {
  CONNECTION,
  ENVOY,
  FORWARDED_PROTO,
  HOST,
  HTTP2_SETTINGS,
  KEEP_ALIVE,
  OTHER_FIELD,
  PROXY_CONNECTION,
  REQUEST_ID,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
  UPSTREAM_SERVICE_TIME,
} from '#proxy/http/codec/field-id.ts'
import { type Fields, idSet, SPAN_LENGTH } from '#proxy/http/codec/fields.ts'
import { CHUNKED } from '#proxy/http/codec/framing.ts'
import { isUsual, listHas } from '#proxy/http/codec/message-head.ts'
import type { OutgoingRequest } from '#proxy/http/stream.ts'

/** What concerns one connection only, or is the proxy's own to say. */
const DROPPED = idSet(
  CONNECTION,
  KEEP_ALIVE,
  PROXY_CONNECTION,
  TRANSFER_ENCODING,
  TE,
  UPGRADE,
  HTTP2_SETTINGS,
  ENVOY,
  UPSTREAM_SERVICE_TIME,
)
const DROPPED_WITH_HOST = DROPPED | idSet(HOST)

/** The head of a request as HTTP/1.1 text: the client's lines, in its order and spelling, without those that end here, and ours behind them. */
export function requestText(request: OutgoingRequest): string {
  const { head, path, authority } = request
  const { fields } = head
  const untouched = path === head.target && head.protocol === 'HTTP/1.1'
  const sameHost = authority === head.authority && head.target === head.path
  let text: string
  if (untouched && sameHost) text = keptLines(fields, DROPPED, fields.text.indexOf(head.method))
  else {
    text = `${head.method} ${path} HTTP/1.1\r\n`
    if (!sameHost) text += `Host: ${authority}\r\n`
    text += keptLines(fields, sameHost ? DROPPED : DROPPED_WITH_HOST, fields.lineStart(0))
  }
  if (head.framing === CHUNKED) text += 'transfer-encoding: chunked\r\n'
  if (request.upgrade !== '') text += `connection: Upgrade\r\nupgrade: ${request.upgrade}\r\n`
  return `${text}${request.added}\r\n`
}

/** The text from `start` on without the lines whose ids are in `dropped`, as few slices of the original as possible. */
function keptLines(fields: Fields, dropped: number, start: number): string {
  const { spans, text } = fields
  const nominated = nominatedBy(fields.joinedById(CONNECTION))
  let kept = ''
  let runStart = start
  for (let i = 0, at = 0; at < spans.length; i++, at += SPAN_LENGTH) {
    const id = spans[at + 4]!
    if ((dropped & (1 << id)) === 0 && !isNominated(nominated, fields, i)) continue
    const lineStart = spans[at]!
    if (lineStart > runStart) kept += text.slice(runStart, lineStart)
    runStart = fields.lineStart(i + 1)
    if (id === TE && listHas(fields.valueAt(i), 'trailers')) kept += 'te: trailers\r\n'
  }
  return runStart < fields.end ? kept + text.slice(runStart, fields.end) : kept
}

/** Fields that a Connection field declares to end here (RFC 9110, 7.6.1); undefined in the usual case of none. */
export function nominatedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || isUsual(connection) || !OPTION.test(connection)) return undefined
  return new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((option) => option.trim()),
  )
}

const OPTION = /^(?!\s*(?:close|keep-alive|upgrade)\s*$)/i

/** What a Connection field cannot take away: the host, the length, and what tells one request from another. */
export function isNominated(nominated: ReadonlySet<string> | undefined, fields: Fields, i: number): boolean {
  if (nominated === undefined) return false
  const id = fields.idAt(i)
  return (
    (id === OTHER_FIELD || id === REQUEST_ID || id === FORWARDED_PROTO) && nominated.has(fields.nameAt(i).toLowerCase())
  )
}
