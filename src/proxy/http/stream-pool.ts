import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import type { DialFailure } from '#proxy/upstream/upstream.ts'
import type { ResetReason, UpstreamObserver, UpstreamStream } from './stream.ts'

/** Why there is no stream. */
export interface StreamFailure {
  readonly reason: ResetReason
  /** See DialFailure. */
  readonly transportFailureReason: string
}

export const OVERFLOW: StreamFailure = { reason: 'overflow', transportFailureReason: '' }

/** The pool's words for a connection that was not made. */
export function streamFailureOf(failure: DialFailure): StreamFailure {
  if (failure.flag === 'UO') return OVERFLOW
  return {
    reason: failure.timedOut ? 'connection timeout' : 'remote connection failure',
    transportFailureReason: failure.transportFailureReason,
  }
}

/** Who waits for a stream: hears of it exactly once, perhaps before `acquire` returns, unless it cancels. */
export interface StreamWaiter extends UpstreamObserver {
  /** @param upstream the connection's info: where it goes and from where */
  onStream(stream: UpstreamStream, upstream: StreamInfo): void
  onNoStream(failure: StreamFailure): void
}

/** The connections to one host of one cluster, in one protocol. */
export interface StreamPool {
  /** Nothing is open, under way or waited for: the pool may be forgotten. */
  readonly empty: boolean
  acquire(waiter: StreamWaiter): void
  cancel(waiter: StreamWaiter): void
  /** The cluster is no more: what idles is closed at once, the rest when it comes free. */
  retire(): void
}
