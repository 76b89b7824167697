import { atTurnEnd } from '#base/turn.ts'

/** Where gathered bytes go in the end. */
export interface Outlet {
  /** Hands `bytes[start, end)` to the kernel; they are lent until this returns. */
  send(bytes: Buffer, start: number, end: number): void
  /** @param text latin-1, not empty */
  sendText(text: string): void
}

/** In the place of one that was sent to: it is not held on to. */
const NOBODY: Outlet = { send() {}, sendText() {} }
const BUFFER_BYTES = 64 * 1024
/** What is longer than this goes at once: copying it would cost more than a system call of its own. */
const MOST_GATHERED_BYTES = BUFFER_BYTES / 4
/** As text a small message is cheaper to gather and to write; a larger one costs more, because text is made anew at each step. */
const MOST_TEXT_BYTES = 2048
/** In a turn with more connections than this, the first ones do not wait for the last. */
const MOST_OUTLETS = 64

/**
 * Gathers what is written during one turn of the event loop, for all connections of a proxy, and sends it at the turn's end. So a head
 * and its body leave in one system call; and a peer is woken once for all that it gets, because the writes follow each other closely.
 */
export class OutBuffer {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #length = 0
  /** Whose bytes are gathered, in the order of writing; the text if it is text, else ""; and where in the buffer each one's end. */
  readonly #outlets: Outlet[] = []
  readonly #texts: string[] = []
  readonly #ends: number[] = []
  /** How many of them are in use: an array that is emptied loses its memory and grows anew. */
  #count = 0

  /** `source` is read before this returns. */
  bytes(outlet: Outlet, source: Buffer, start: number, end: number): void {
    const length = end - start
    if (length > MOST_GATHERED_BYTES) {
      this.flush()
      outlet.send(source, start, end)
    } else if (this.#isText(outlet, length)) this.#addText(outlet, source.toString('latin1', start, end))
    else {
      this.#makeRoom(outlet, length)
      this.#added(source.copy(this.#buffer, this.#length, start, end))
    }
  }

  /** @param text latin-1 */
  text(outlet: Outlet, text: string): void {
    if (this.#isText(outlet, text.length)) this.#addText(outlet, text)
    else if (text.length > MOST_GATHERED_BYTES) this.bytes(outlet, Buffer.from(text, 'latin1'), 0, text.length)
    else {
      this.#makeRoom(outlet, text.length)
      this.#added(this.#buffer.write(text, this.#length, 'latin1'))
    }
  }

  /** Sends what is gathered now. */
  readonly flush = (): void => {
    const outlets = this.#outlets
    let start = 0
    for (let i = 0; i < this.#count; i += 1) {
      const outlet = outlets[i] as Outlet
      const text = this.#texts[i] as string
      const end = this.#ends[i] as number
      outlets[i] = NOBODY
      this.#texts[i] = ''
      if (text !== '') outlet.sendText(text)
      else outlet.send(this.#buffer, start, end)
      start = end
    }
    this.#count = 0
    this.#length = 0
  }

  /** Whether `outlet` was the last to write. */
  #isLast(outlet: Outlet): boolean {
    return this.#count > 0 && this.#outlets[this.#count - 1] === outlet
  }

  /** Whether so much more of `outlet`'s is text, with what it wrote last. */
  #isText(outlet: Outlet, length: number): boolean {
    if (!this.#isLast(outlet)) return length <= MOST_TEXT_BYTES
    const held = this.#texts[this.#count - 1] as string
    return held !== '' && held.length + length <= MOST_TEXT_BYTES
  }

  #addText(outlet: Outlet, text: string): void {
    if (!this.#isLast(outlet)) this.#add(outlet)
    this.#texts[this.#count - 1] += text
  }

  /** The last one is `outlet`'s and no text, with room for so much more. */
  #makeRoom(outlet: Outlet, length: number): void {
    const held = this.#isLast(outlet) ? (this.#texts[this.#count - 1] as string) : ''
    if (this.#length + held.length + length > BUFFER_BYTES) this.flush()
    else if (held !== '') {
      this.#texts[this.#count - 1] = ''
      this.#added(this.#buffer.write(held, this.#length, 'latin1'))
    }
    if (!this.#isLast(outlet)) this.#add(outlet)
  }

  #added(length: number): void {
    this.#length += length
    this.#ends[this.#count - 1] = this.#length
  }

  #add(outlet: Outlet): void {
    if (this.#count === MOST_OUTLETS) this.flush()
    else if (this.#count === 0) atTurnEnd(this.flush)
    this.#outlets[this.#count] = outlet
    this.#texts[this.#count] = ''
    this.#ends[this.#count] = this.#length
    this.#count += 1
  }
}
