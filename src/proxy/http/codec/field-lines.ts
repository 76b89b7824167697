import { HT, SP } from './byte-class.ts'
import { fieldIdOf } from './field-id.ts'
import { Fields, SPAN_LENGTH } from './fields.ts'

/** Where the field lines of one head are, as they are found. Kept from head to head: each takes a copy of its own size. */
export class FieldLines {
  readonly #spans: number[] = []
  readonly #mostNumbers: number
  #length = 0
  #ids = 0

  constructor(maxFields: number) {
    this.#mostNumbers = maxFields * SPAN_LENGTH
  }

  get full(): boolean {
    return this.#length === this.#mostNumbers
  }

  clear(): void {
    this.#length = 0
    this.#ids = 0
  }

  /** Notes a field, but for the white space behind its value. Positions are those in `bytes`; the head begins at `base`. */
  add(bytes: Buffer, base: number, start: number, nameEnd: number, valueStart: number, lineEnd: number): void {
    let end = lineEnd
    while (end > valueStart && (bytes[end - 1] === SP || bytes[end - 1] === HT)) end--
    const spans = this.#spans
    const at = this.#length
    spans[at] = start - base
    spans[at + 1] = nameEnd - base
    spans[at + 2] = valueStart - base
    spans[at + 3] = end - base
    const id = fieldIdOf(bytes, start, nameEnd)
    spans[at + 4] = id
    this.#ids |= 1 << id
    this.#length = at + SPAN_LENGTH
  }

  /** @param text the head, from its first byte to its last */
  take(text: string): Fields {
    return new Fields(text, this.#spans.slice(0, this.#length), text.length - 2, this.#ids)
  }
}
