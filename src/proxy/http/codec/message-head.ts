import type { Fields } from './fields.ts'
import type { Framing } from './framing.ts'

/** A request's head, whichever protocol it came by. */
export interface RequestHead {
  readonly method: string
  /** As written; equal to `path` in origin form. */
  readonly target: string
  /** Path and query, "*", or "" for CONNECT. */
  readonly path: string
  /** Host with or without port, as written; "" for HTTP/1.0 without a Host field. */
  readonly authority: string
  readonly scheme: 'http' | 'https'
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'
  readonly fields: Fields
  /** UNTIL_CLOSE never occurs for requests; for HTTP/2 it is CHUNKED when a body may come without a length. */
  readonly framing: Framing
  /** The client keeps its connection open for another request. */
  readonly keepAlive: boolean
  /** Lower case, e.g. "websocket"; "" when none was asked for. */
  readonly upgrade: string
  readonly expectsContinue: boolean
}

/** A response's head, whichever protocol it came by. */
export interface ResponseHead {
  readonly status: number
  /** Reason phrase, possibly "". */
  readonly reason: string
  readonly minorVersion: number
  readonly fields: Fields
  readonly framing: Framing
  /** The server keeps its connection open for another request. */
  readonly keepAlive: boolean
}

/** What nearly every Connection field is: it names nothing else. */
export function isUsual(connection: string): boolean {
  return connection === 'keep-alive' || connection === 'close'
}

/** True when a comma-separated list (a Connection field) names `token`, lower case. */
export function listHas(list: string | undefined, token: string): boolean {
  if (list === undefined) return false
  if (list === token) return true
  if (isUsual(list)) return false
  const lower = list.toLowerCase()
  if (lower === token) return true
  if (!lower.includes(token)) return false
  return lower.split(',').some((element) => element.trim() === token)
}
