/** Where gathered bytes go in the end. */
export interface Outlet {
  /** Hands `bytes[start, end)` to the kernel; they are lent until this returns. */
  send(bytes: Buffer, start: number, end: number): void
}

/** In the place of one that was sent to: it is not held on to. */
const NOBODY: Outlet = { send() {} }
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
  /** How many of them are in use: an array that is emptied loses its memory and grows anew. */
  #count = 0
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
    for (let i = 0; i < this.#count; i += 1) {
      const outlet = outlets[i] as Outlet
      const end = this.#ends[i] as number
      outlets[i] = NOBODY
      outlet.send(this.#buffer, start, end)
      start = end
    }
    this.#count = 0
    this.#length = 0
  }

  #makeRoom(outlet: Outlet, length: number): void {
    const full = this.#count === MOST_OUTLETS && this.#outlets[MOST_OUTLETS - 1] !== outlet
    if (full || this.#length + length > BUFFER_BYTES) this.flush()
  }

  #add(outlet: Outlet, length: number): void {
    this.#length += length
    const count = this.#count
    if (count > 0 && this.#outlets[count - 1] === outlet) {
      this.#ends[count - 1] = this.#length
      return
    }
    this.#outlets[count] = outlet
    this.#ends[count] = this.#length
    this.#count = count + 1
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#scheduled = false
    this.flush()
  }
}
