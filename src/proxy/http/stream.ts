import type { Fields } from './codec/fields.ts'
import type { Framing } from './codec/framing.ts'
import type { RequestHead, ResponseHead } from './codec/message-head.ts'

/** A request on its way upstream: the client's head, and what the proxy makes of it. */
export interface OutgoingRequest {
  readonly head: RequestHead
  readonly path: string
  readonly authority: string
  /** Field lines of the proxy's own, each ending in CRLF; names in lower case. */
  readonly added: string
  /** "websocket" when an upgrade is passed on. */
  readonly upgrade: string
}

/** A response on its way to the client. */
export interface OutgoingResponse {
  readonly head: ResponseHead
  readonly framing: Framing
  /** Field lines of the proxy's own, each ending in CRLF; names in lower case. */
  readonly added: string
}

/** The upstream half of an exchange, whichever protocol carries it. */
export interface UpstreamStream {
  /** What is written waits in memory: stop reading the request until `onUpstreamDrain`. */
  readonly blocked: boolean
  /** The connection has served a request before, and no byte of this response has come: the server may have closed it long since. */
  readonly maybeStale: boolean
  sendHead(request: OutgoingRequest): void
  sendBody(bytes: Buffer, start: number, end: number): void
  sendEnd(trailers: Fields): void
  /** From here on bytes pass both ways without framing (after a 101). */
  startTunnel(): void
  resume(): void
  /** Gives the stream up. No event comes afterwards. */
  reset(): void
}

/** How an upstream stream ended that did not end well; the words are Envoy's, and stand in bodies and logs. */
export type ResetReason =
  | 'remote connection failure'
  | 'connection timeout'
  | 'connection termination'
  | 'remote reset'
  | 'remote refused stream reset'
  | 'overflow'
  | 'protocol error'

/** Who hears of an upstream stream. */
export interface UpstreamObserver {
  /** The client does not take the response fast enough: reading it pauses until `resume`. */
  readonly downstreamBlocked: boolean
  onResponseHead(head: ResponseHead): void
  /** `bytes` are lent. */
  onResponseBody(bytes: Buffer, start: number, end: number): void
  /** The stream is no more the exchange's. */
  onResponseEnd(trailers: Fields): void
  /** The stream is no more. */
  onUpstreamReset(reason: ResetReason): void
  onUpstreamDrain(): void
}

/** The client's half of an exchange, whichever protocol carries it. */
export interface DownstreamStream {
  readonly writeBlocked: boolean
  /** A 1xx that is no 101. */
  sendInformational(head: ResponseHead): void
  sendHead(response: OutgoingResponse): void
  sendBody(bytes: Buffer, start: number, end: number): void
  sendEnd(trailers: Fields): void
  startTunnel(): void
  /** Reading the request may go on. */
  resume(): void
  /** The response cannot be finished: the client must not take what it has for the whole. */
  reset(): void
}
