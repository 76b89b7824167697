/** One field of a protobuf message, as it is on the wire. */
export interface WireField {
  readonly number: number
  /** A varint or fixed number; the bytes of a string, bytes or message. */
  readonly value: bigint | Uint8Array
}

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

/** The fields of a protobuf message in their order. Throws a RangeError for what is none. */
export function* readWireFields(bytes: Uint8Array): Generator<WireField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new RangeError('a number is longer than ten bytes')
  }
  const take = (count: number): Uint8Array => {
    if (count > bytes.length - at) throw new RangeError('a field is longer than its message')
    at += count
    return bytes.subarray(at - count, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Number(tag >> 3n)
    switch (Number(tag & 7n)) {
      case VARINT:
        yield { number, value: varint() }
        break
      case FIXED64:
        yield { number, value: view.getBigUint64(at, true) }
        at += 8
        break
      case LENGTH:
        yield { number, value: take(Number(varint())) }
        break
      case FIXED32:
        yield { number, value: BigInt(view.getUint32(at, true)) }
        at += 4
        break
      default:
        throw new RangeError(`field ${number} is of no known type`)
    }
  }
}
