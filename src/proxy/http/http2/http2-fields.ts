import type { OutgoingHttpHeaders } from 'node:http2'
import {
  CONNECTION,
  HOST,
  HTTP2_SETTINGS,
  KEEP_ALIVE,
  PROXY_CONNECTION,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
} from '#proxy/http/codec/field-id.ts'
import { type Fields, fieldsOf } from '#proxy/http/codec/fields.ts'
import { CHUNKED, type Framing } from '#proxy/http/codec/framing.ts'
import { listHas } from '#proxy/http/codec/message-head.ts'
import { isNominated, nominatedBy } from '#proxy/http/head/request-text.ts'

/** Of a session: two lines of one field pass, whatever its RFC says of their number, as they do in HTTP/1 and Envoy. Node's types do not know it yet. */
export const SEVERAL_VALUES = { strictSingleValueFields: false }

/** What HTTP/2 has other means for (RFC 9113, 8.2.2). */
const DROPPED: ReadonlySet<number> = new Set([
  CONNECTION,
  HOST,
  HTTP2_SETTINGS,
  KEEP_ALIVE,
  PROXY_CONNECTION,
  TRANSFER_ENCODING,
  UPGRADE,
])

/** Fields into the object that node:http2 takes; `alsoDropped` is one more field id that is not wanted. */
export function addHttp2Fields(into: OutgoingHttpHeaders, fields: Fields, alsoDropped = -1): void {
  const nominated = nominatedBy(fields.joinedById(CONNECTION))
  for (let i = 0; i < fields.count; i++) {
    const id = fields.idAt(i)
    if (DROPPED.has(id) || id === alsoDropped || isNominated(nominated, fields, i)) continue
    const value = fields.valueAt(i)
    if (id === TE && !listHas(value, 'trailers')) continue
    addField(into, fields.nameAt(i).toLowerCase(), id === TE ? 'trailers' : value)
  }
}

/** Field lines of the proxy's own ("name: value\r\n"). */
export function addHttp2Lines(into: OutgoingHttpHeaders, lines: string): void {
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) into[line.slice(0, colon)] = line.slice(colon + 2)
  }
}

function addField(into: OutgoingHttpHeaders, name: string, value: string): void {
  const before = into[name]
  if (before === undefined) into[name] = value
  else if (Array.isArray(before)) before.push(value)
  else into[name] = [String(before), value]
}

/** What node:http2 received (names and values in turn) as fields; pseudo fields and Host are left out, crumbs of cookies joined (RFC 9113, 8.2.3). */
export function receivedFields(rawHeaders: readonly string[]): Fields {
  const pairs: [string, string][] = []
  const cookies: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    const value = rawHeaders[i + 1]!
    if (name === 'cookie') cookies.push(value)
    else if (!name.startsWith(':') && name !== 'host') pairs.push([name, value])
  }
  if (cookies.length > 0) pairs.push(['cookie', cookies.join('; ')])
  return fieldsOf(pairs)
}

/** How HTTP/1 would say where the body ends. nghttp2 has checked that a length, if there is one, is a number. */
export function receivedFraming(fields: Fields, endStream: boolean): Framing {
  if (endStream) return 0
  const length = fields.get('content-length')
  return length === undefined || !/^[0-9]{1,15}$/.test(length) ? CHUNKED : Number(length)
}
