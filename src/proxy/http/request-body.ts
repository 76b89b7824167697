import { type Fields, NO_FIELDS } from './codec/fields.ts'
import type { UpstreamStream } from './stream.ts'

/** Bodies up to this size are kept so that a request can be sent again. */
const REPLAY_BYTES = 64 * 1024

/**
 * A request's body as far as it came: kept while there is no stream to send it on, and, up to a limit, for sending it again.
 * Memory stays bounded: without a stream, reading pauses beyond the limit (`full`).
 */
export class RequestBody {
  complete = false
  replayable: boolean
  trailers: Fields = NO_FIELDS
  #kept: Buffer[] | undefined = undefined
  #bytes = 0

  constructor(replayable: boolean) {
    this.replayable = replayable
  }

  get full(): boolean {
    return this.#bytes > REPLAY_BYTES
  }

  /** Keeps a piece if it is needed again; `sent` tells that it has gone out already. */
  keep(bytes: Buffer, start: number, end: number, sent: boolean): void {
    if (sent && !this.replayable) return
    if (sent && this.#bytes + end - start > REPLAY_BYTES) {
      this.forget()
      return
    }
    this.#bytes += end - start
    this.#kept ??= []
    this.#kept.push(Buffer.from(bytes.subarray(start, end)))
  }

  /** Sends all that was kept on a new stream. */
  replay(stream: UpstreamStream): void {
    for (const piece of this.#kept ?? []) stream.sendBody(piece, 0, piece.length)
    if (!this.replayable || this.full) this.forget()
    if (this.complete) stream.sendEnd(this.trailers)
  }

  forget(): void {
    this.replayable = false
    this.#kept = undefined
    this.#bytes = 0
  }
}
