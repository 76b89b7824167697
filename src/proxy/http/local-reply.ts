import { fieldsOf } from './codec/fields.ts'
import type { ResponseHead } from './codec/message-head.ts'
import { STATUS_CODES } from './node-http.ts'
import type { ResetReason } from './stream.ts'

/** An answer of the proxy's own: body, flag and details as Envoy gives them, because people and their tools know those. */
export interface LocalReply {
  readonly status: number
  readonly body: string
  /** Envoy's short flag; "" for none. */
  readonly flag: string
  readonly details: string
  readonly fields?: readonly (readonly [name: string, value: string])[]
}

export const NO_HEALTHY_UPSTREAM: LocalReply = {
  status: 503,
  body: 'no healthy upstream',
  flag: 'UH',
  details: 'no_healthy_upstream',
}
export const CLUSTER_NOT_FOUND: LocalReply = { status: 503, body: '', flag: 'NC', details: 'cluster_not_found' }
export const ROUTE_NOT_FOUND: LocalReply = { status: 404, body: '', flag: 'NR', details: 'route_not_found' }
export const REQUEST_TIMEOUT: LocalReply = {
  status: 504,
  body: 'upstream request timeout',
  flag: 'UT',
  details: 'response_timeout',
}
export const PER_TRY_TIMEOUT: LocalReply = { ...REQUEST_TIMEOUT, details: 'upstream_per_try_timeout' }
export const PATH_NORMALIZATION_FAILED: LocalReply = {
  status: 400,
  body: '',
  flag: '',
  details: 'path_normalization_failed',
}
export const UPGRADE_REFUSED: LocalReply = { status: 403, body: '', flag: '', details: 'upgrade_failed' }
/** Envoy finds no route for CONNECT (404); a sentence helps more. */
export const CONNECT_REFUSED: LocalReply = {
  status: 405,
  body: 'CONNECT is not served here: this is no forward proxy\n',
  flag: '',
  details: 'connect_not_allowed',
  fields: [['allow', 'GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH']],
}

/** Nothing moved on the stream: 504 once the request is complete, as then the upstream is to blame; 408 before. */
export function streamIdleReply(requestComplete: boolean): LocalReply {
  return { status: requestComplete ? 504 : 408, body: 'stream timeout', flag: 'SI', details: 'stream_idle_timeout' }
}

const RESET_FLAGS: Readonly<Record<ResetReason, string>> = {
  'remote connection failure': 'UF',
  'connection timeout': 'UF',
  'connection termination': 'UC',
  'remote reset': 'UR',
  'remote refused stream reset': 'UR',
  overflow: 'UO',
  'protocol error': 'UPE',
}

export function flagOf(reason: ResetReason): string {
  return RESET_FLAGS[reason]
}

/** The upstream was lost before a response: 503, or 502 for one that does not speak HTTP. */
export function resetReply(reason: ResetReason, transportFailureReason: string, retried: boolean): LocalReply {
  const which = retried ? 'retried and the latest reset reason' : 'reset reason'
  const why = transportFailureReason === '' ? '' : `, transport failure reason: ${transportFailureReason}`
  const transport = transportFailureReason === '' ? '' : `|${transportFailureReason}`
  return {
    status: reason === 'protocol error' ? 502 : 503,
    body: `upstream connect error or disconnect/reset before headers. ${which}: ${reason}${why}`,
    flag: RESET_FLAGS[reason],
    details: `upstream_reset_before_response_started{${`${reason}${transport}`.replaceAll(' ', '_')}}`,
    ...(reason === 'overflow' ? { fields: [['x-envoy-overloaded', 'true']] as const } : {}),
  }
}

/** The head of an answer of ours; its length is that of the body, for HEAD too. */
export function localHead(reply: LocalReply, bodyLength: number): ResponseHead {
  const fields: (readonly [string, string])[] = [['content-length', String(bodyLength)]]
  const own = reply.fields ?? []
  if (bodyLength > 0 && !own.some(([name]) => name === 'content-type')) fields.push(['content-type', 'text/plain'])
  fields.push(...own)
  return {
    status: reply.status,
    reason: STATUS_CODES[reply.status] ?? '',
    minorVersion: 1,
    fields: fieldsOf(fields),
    framing: bodyLength,
    keepAlive: true,
  }
}
