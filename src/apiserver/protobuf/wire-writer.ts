/** A protobuf message that is being written: fields in any order; what is empty or undefined is left out. */
export class WireWriter {
  readonly #pieces: Uint8Array[] = []

  text(number: number, value: string | undefined): this {
    return value === undefined || value === '' ? this : this.#delimited(number, Buffer.from(value))
  }

  texts(number: number, values: readonly string[]): this {
    for (const value of values) this.#delimited(number, Buffer.from(value))
    return this
  }

  boolean(number: number, value: boolean | undefined): this {
    return value ? this.integer(number, 1) : this
  }

  /** An int64 of at least 0. */
  integer(number: number, value: number | undefined): this {
    if (value === undefined || value === 0) return this
    this.#pieces.push(varint(number * 8), varint(value))
    return this
  }

  double(number: number, value: number | undefined): this {
    if (value === undefined || value === 0) return this
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    this.#pieces.push(varint(number * 8 + 1), bytes)
    return this
  }

  /** A message, also one without fields. */
  message(number: number, value: WireWriter | undefined): this {
    return value === undefined ? this : this.#delimited(number, value.finish())
  }

  messages(number: number, values: readonly WireWriter[]): this {
    for (const value of values) this.#delimited(number, value.finish())
    return this
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#pieces)
  }

  #delimited(number: number, bytes: Uint8Array): this {
    this.#pieces.push(varint(number * 8 + 2), varint(bytes.length), bytes)
    return this
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
