/** Where gathered bytes go in the end. */
export interface Outlet {
  /** Hands `bytes[start, end)` to the kernel; they are lent until this returns. */
  send(bytes: Buffer, start: number, end: number): void
}

const BUFFER_BYTES = 64 * 1024
/** What is longer than this goes at once: copying it would cost more than a system call of its own. */
const MOST_GATHERED_BYTES = BUFFER_BYTES / 4
/** In a turn with more connections than this, the first ones do not wait for the last. */
const MOST_OUTLETS = 64

/**
 * Gathers what is written during one turn of the event loop, for all connections of a proxy, and sends it at the turn's end. So a head
 * and its body leave in one system call; and a peer is woken once for all that it gets, because the writes follow each other closely.
 */
export class OutBuffer {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #length = 0
  /** Whose bytes are gathered, in the order of writing, and where in the buffer each one's end. */
  readonly #outlets: Outlet[] = []
  readonly #ends: number[] = []
  #scheduled = false

  /** `source` is read before this returns. */
  bytes(outlet: Outlet, source: Buffer, start: number, end: number): void {
    const length = end - start
    if (length > MOST_GATHERED_BYTES) {
      this.flush()
      outlet.send(source, start, end)
      return
    }
    this.#makeRoom(outlet, length)
    source.copy(this.#buffer, this.#length, start, end)
    this.#add(outlet, length)
  }

  /** @param text latin-1 */
  text(outlet: Outlet, text: string): void {
    if (text.length > MOST_GATHERED_BYTES) {
      this.bytes(outlet, Buffer.from(text, 'latin1'), 0, text.length)
      return
    }
    this.#makeRoom(outlet, text.length)
    this.#add(outlet, this.#buffer.write(text, this.#length, 'latin1'))
  }

  /** Sends what is gathered now. */
  flush(): void {
    const outlets = this.#outlets
    let start = 0
    for (let i = 0; i < outlets.length; i += 1) {
      const end = this.#ends[i] as number
      outlets[i]?.send(this.#buffer, start, end)
      start = end
    }
    outlets.length = 0
    this.#ends.length = 0
    this.#length = 0
  }

  #makeRoom(outlet: Outlet, length: number): void {
    const outlets = this.#outlets
    const full = outlets.length === MOST_OUTLETS && outlets[MOST_OUTLETS - 1] !== outlet
    if (full || this.#length + length > BUFFER_BYTES) this.flush()
  }

  #add(outlet: Outlet, length: number): void {
    this.#length += length
    const last = this.#outlets.length - 1
    if (this.#outlets[last] === outlet) {
      this.#ends[last] = this.#length
      return
    }
    this.#outlets.push(outlet)
    this.#ends.push(this.#length)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#scheduled = false
    this.flush()
  }
}
