/** Longer texts are written by the runtime; for shorter ones a call into it costs more than the bytes. */
const MOST_BY_HAND = 128

/** A line as bytes. The next one is made of it: only what differs is written. */
export class LineBytes {
  length = 0
  #bytes = Buffer.allocUnsafeSlow(1024)
  #whole = this.#bytes.subarray(0, 0)

  /** All of the line, in UTF-8; lent until the next `put`. */
  get bytes(): Buffer {
    if (this.#whole.length !== this.length) this.#whole = this.#bytes.subarray(0, this.length)
    return this.#whole
  }

  /** Puts `text` in the place of `bytes[at, at + size)`, and moves what is behind it. Returns the size of `text` in bytes. */
  put(at: number, size: number, text: string): number {
    if (text.length > MOST_BY_HAND) return this.#putLong(at, size, text)
    if (text.length !== size) this.#resize(at, size, text.length)
    const bytes = this.#bytes
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return this.#putLong(at, text.length, text)
      bytes[at + i] = code
    }
    return text.length
  }

  #putLong(at: number, size: number, text: string): number {
    const length = Buffer.byteLength(text)
    if (length !== size) this.#resize(at, size, length)
    this.#bytes.write(text, at, 'utf8')
    return length
  }

  #resize(at: number, from: number, to: number): void {
    const length = this.length + to - from
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(2 * length)
      this.#bytes.copy(grown, 0, 0, this.length)
      this.#bytes = grown
      this.#whole = grown.subarray(0, 0)
    }
    this.#bytes.copyWithin(at + to, at + from, this.length)
    this.length = length
  }
}
