import { fieldIdOf } from './field-id.ts'

/** A set of field ids as `ids` holds it. */
export function idSet(...ids: readonly number[]): number {
  return ids.reduce((set, id) => set | (1 << id), 0)
}

/** Numbers per field in `spans`: name start, name end, value start, value end, field id. */
export const SPAN_LENGTH = 5

/**
 * The field lines of one message, as they were written: case, order and white space are kept, and only what is asked for becomes a string of its own.
 * `text` is latin-1 (a character is a byte) and may hold more than the field lines (a request line in front).
 * Field line i begins at its name and ends where line i + 1 begins, the last one at `end`; each ends in CRLF.
 */
export class Fields {
  readonly text: string
  readonly spans: readonly number[]
  readonly end: number
  /** Bit i is set when a field has the id i: most that are asked for are not there. */
  readonly ids: number
  readonly count: number

  constructor(text: string, spans: readonly number[], end: number, ids: number) {
    this.text = text
    this.spans = spans
    this.end = end
    this.ids = ids
    this.count = spans.length / SPAN_LENGTH
  }

  /** The value of the first field of this name (lower case). */
  get(name: string): string | undefined {
    const { spans, text } = this
    for (let at = 0; at < spans.length; at += SPAN_LENGTH) {
      const start = spans[at]!
      const end = spans[at + 1]!
      if (end - start === name.length && text.slice(start, end).toLowerCase() === name) {
        return text.slice(spans[at + 2]!, spans[at + 3]!)
      }
    }
    return undefined
  }

  /** The value of the first field with this id (field-id.ts). */
  getById(id: number): string | undefined {
    if ((this.ids & (1 << id)) === 0) return undefined
    const { spans } = this
    for (let at = 4; at < spans.length; at += SPAN_LENGTH) {
      if (spans[at] === id) return this.text.slice(spans[at - 2]!, spans[at - 1]!)
    }
    return undefined
  }

  /** All values of the fields with this id, joined by ", " as RFC 9110 section 5.3 allows; undefined when there is none. */
  joinedById(id: number): string | undefined {
    if ((this.ids & (1 << id)) === 0) return undefined
    let joined: string | undefined
    for (let i = 0; i < this.count; i++) {
      if (this.idAt(i) === id) joined = joined === undefined ? this.valueAt(i) : `${joined}, ${this.valueAt(i)}`
    }
    return joined
  }

  hasId(id: number): boolean {
    return (this.ids & (1 << id)) !== 0
  }

  nameAt(i: number): string {
    return this.text.slice(this.spans[i * SPAN_LENGTH]!, this.spans[i * SPAN_LENGTH + 1]!)
  }

  valueAt(i: number): string {
    return this.text.slice(this.spans[i * SPAN_LENGTH + 2]!, this.spans[i * SPAN_LENGTH + 3]!)
  }

  idAt(i: number): number {
    return this.spans[i * SPAN_LENGTH + 4]!
  }

  lineStart(i: number): number {
    return i < this.count ? this.spans[i * SPAN_LENGTH]! : this.end
  }
}

export const NO_FIELDS = new Fields('', [], 0, 0)

/** Fields that did not come as HTTP/1.1 text. Values must not hold CR or LF. */
export function fieldsOf(pairs: Iterable<readonly [name: string, value: string]>): Fields {
  let text = ''
  const spans: number[] = []
  let ids = 0
  for (const [name, value] of pairs) {
    const nameBytes = Buffer.from(name, 'latin1')
    const start = text.length
    const valueStart = start + name.length + 2
    spans.push(start, start + name.length, valueStart, valueStart + value.length)
    const id = fieldIdOf(nameBytes, 0, nameBytes.length)
    spans.push(id)
    ids |= 1 << id
    text += `${name}: ${value}\r\n`
  }
  return new Fields(text, spans, text.length, ids)
}
