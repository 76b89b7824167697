import {
  CONNECTION,
  CONTENT_LENGTH,
  KEEP_ALIVE,
  PROXY_CONNECTION,
  SERVER,
  TRANSFER_ENCODING,
  UPGRADE,
  UPSTREAM_SERVICE_TIME,
} from '#proxy/http/codec/field-id.ts'
import { idSet, SPAN_LENGTH } from '#proxy/http/codec/fields.ts'
import { CHUNKED } from '#proxy/http/codec/framing.ts'
import type { ResponseHead } from '#proxy/http/codec/message-head.ts'
import type { OutgoingResponse } from '#proxy/http/stream.ts'
import { isNominated, nominatedBy } from './request-text.ts'

/** Connection-level fields, and `server`, which the proxy overwrites as Envoy does (server_header_transformation OVERWRITE). */
const DROPPED = idSet(CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING, UPSTREAM_SERVICE_TIME, SERVER)
const DROPPED_IF_CHUNKED = idSet(CONTENT_LENGTH)
const DROPPED_WITHOUT_UPGRADE = idSet(UPGRADE)

/** How the client's connection goes on behind a response: "" for HTTP/1.1's default, which is to stay open. */
export type ConnectionOption = '' | 'close' | 'keep-alive' | 'Upgrade'

/** The head of a response as HTTP/1.1 text: the server's lines without those that end here, and ours behind them. */
export function responseText(response: OutgoingResponse, option: ConnectionOption): string {
  let text = keptText(response.head, response.framing === CHUNKED)
  if (response.framing === CHUNKED) text += 'transfer-encoding: chunked\r\n'
  if (option !== '') text += `connection: ${option}\r\n`
  return `${text}${response.added}\r\n`
}

/** A 1xx response has no fields of ours. */
export function informationalText(head: ResponseHead): string {
  return `${keptText(head, false)}\r\n`
}

function keptText(head: ResponseHead, chunked: boolean): string {
  const { fields } = head
  const { spans, text } = fields
  const nominated = nominatedBy(fields.joinedById(CONNECTION))
  // The status line is the first part of the first run when it is one that we could have written.
  const ownLine = text.startsWith('HTTP/1.1 ')
  let kept = ownLine ? '' : `HTTP/1.1 ${head.status} ${head.reason}\r\n`
  let runStart = ownLine ? 0 : fields.lineStart(0)
  const dropped =
    DROPPED |
    (chunked ? DROPPED_IF_CHUNKED : 0) |
    (head.status === 101 || head.status === 426 ? 0 : DROPPED_WITHOUT_UPGRADE)
  for (let i = 0, at = 0; at < spans.length; i++, at += SPAN_LENGTH) {
    if ((dropped & (1 << spans[at + 4]!)) === 0 && !isNominated(nominated, fields, i)) continue
    const lineStart = spans[at]!
    if (lineStart > runStart) kept += text.slice(runStart, lineStart)
    runStart = fields.lineStart(i + 1)
  }
  return runStart < fields.end ? kept + text.slice(runStart, fields.end) : kept
}
