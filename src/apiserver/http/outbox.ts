import type { ServerResponse } from 'node:http'

const LIMITS = {
  /** Of all replies that are on their way at a time. */
  bytes: 128 << 20,
  /** What is smaller is always sent: an error among it. */
  smallBytes: 64 << 10,
  /** A client that takes longer is disconnected. */
  sendMs: 60_000,
} as const

/** A reply that is on its way. */
export interface Parcel {
  /** It has become smaller: it was compressed. */
  readonly shrinkTo: (bytes: number) => void
}

/** Replies that clients have asked for and not read yet: what is held for them is bounded, and for how long. */
export class Outbox {
  readonly #limits: { readonly bytes: number; readonly sendMs: number }
  #bytes = 0

  constructor(limits: { readonly bytes: number; readonly sendMs: number } = LIMITS) {
    this.#limits = limits
  }

  /** Room for a reply, until it is sent or its client is gone; undefined when there is none now. One reply has room alone, however large. */
  take(response: ServerResponse, bytes: number): Parcel | undefined {
    const wanted = this.#bytes + bytes
    if (bytes > LIMITS.smallBytes && this.#bytes > 0 && wanted > this.#limits.bytes) return undefined
    let held = bytes
    this.#bytes += held
    const deadline = setTimeout(() => response.destroy(), this.#limits.sendMs)
    response.once('close', () => {
      clearTimeout(deadline)
      this.#bytes -= held
    })
    return {
      shrinkTo: (now) => {
        if (response.closed) return
        this.#bytes -= held - now
        held = now
      },
    }
  }
}
