import { atTurnEnd } from '#base/turn.ts'

/** Whoever gathers what it is to send. */
export interface Sender {
  /** Sends what is gathered, if anything is, and calls nobody back meanwhile. */
  flush(): void
}

/** In the place of one that was flushed: it is not held on to. */
const NOBODY: Sender = { flush() {} }
/** In a turn with more senders than this, the first ones do not wait for the last. */
const MOST_WAITING = 64
const BUFFER_BYTES = 64 * 1024

/**
 * Who has something to send at the end of this turn of the event loop, among all connections of a proxy; and a buffer for one of them at a
 * time. So a head and its body leave in one system call, and a peer is woken once for all that it gets, because the writes follow each other closely.
 */
export class OutBuffer {
  /** In the order of joining. Never emptied: an array that is loses its memory and grows anew. */
  readonly #waiting: Sender[] = []
  #count = 0
  readonly bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #length = 0
  /** Whose bytes are in the buffer. */
  #holder: Sender | undefined = undefined

  /** `sender` is flushed at the end of the turn. */
  add(sender: Sender): void {
    if (this.#count === MOST_WAITING) this.#flush()
    else if (this.#count === 0) atTurnEnd(this.#flush)
    this.#waiting[this.#count] = sender
    this.#count += 1
  }

  isHeldBy(sender: Sender): boolean {
    return this.#holder === sender
  }

  /** Gives the empty buffer to `sender`; whoever had it before sends at once. */
  giveTo(sender: Sender): void {
    this.#holder?.flush()
    this.#holder = sender
  }

  get room(): number {
    return BUFFER_BYTES - this.#length
  }

  copy(source: Buffer, start: number, end: number): void {
    this.#length += source.copy(this.bytes, this.#length, start, end)
  }

  /** @param text latin-1 */
  write(text: string): void {
    this.#length += this.bytes.write(text, this.#length, 'latin1')
  }

  /** Takes the buffer back, before anybody else writes into it; its first so many bytes are to be sent. */
  release(): number {
    const length = this.#length
    this.#length = 0
    this.#holder = undefined
    return length
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    for (let i = 0; i < this.#count; i += 1) {
      const sender = waiting[i] as Sender
      waiting[i] = NOBODY
      sender.flush()
    }
    this.#count = 0
  }
}
