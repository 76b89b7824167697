import { Fault } from '#base/fault.ts'

const HEADER_BYTES = 5
/** Status codes of gRPC that this seam uses (google.rpc.Code). */
export const GRPC_OK = 0
export const GRPC_INVALID_ARGUMENT = 3
export const GRPC_RESOURCE_EXHAUSTED = 8
export const GRPC_UNIMPLEMENTED = 12
export const GRPC_UNAVAILABLE = 14

/** One message as gRPC puts it on an HTTP/2 stream: a zero byte (not compressed), its length in 32 bits, the message. */
export function frameMessage(parts: readonly Uint8Array[]): Buffer {
  let length = 0
  for (const part of parts) length += part.length
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length)
  frame[0] = 0
  frame.writeUInt32BE(length, 1)
  let offset = HEADER_BYTES
  for (const part of parts) {
    frame.set(part, offset)
    offset += part.length
  }
  return frame
}

/** Cuts the bytes of an HTTP/2 stream, however they were split on the way, into gRPC messages. */
export class MessageReader {
  readonly #maxBytes: number
  #chunks: Uint8Array[] = []
  #size = 0
  #needed = HEADER_BYTES

  /** `maxBytes` bounds one message: what a peer announces above it is refused before it is read. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The messages that this chunk completes. Throws a Fault ("xds/grpc-...") when the peer breaks the framing. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const messages: Uint8Array[] = []
    while (this.#size >= this.#needed) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks)
      const end = HEADER_BYTES + this.#lengthIn(bytes)
      if (bytes.length < end) {
        this.#keep(bytes, end)
        break
      }
      messages.push(bytes.subarray(HEADER_BYTES, end))
      this.#keep(bytes.subarray(end), HEADER_BYTES)
    }
    return messages
  }

  #keep(rest: Uint8Array, needed: number): void {
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#size = rest.length
    this.#needed = needed
  }

  #lengthIn(bytes: Uint8Array): number {
    if (bytes[0] !== 0)
      throw new Fault('xds/grpc-compressed', `message has compression flag ${bytes[0]}: none was agreed`)
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1)
    if (length > this.#maxBytes)
      throw new Fault(
        'xds/grpc-message-too-large',
        `message of ${length} bytes exceeds the limit of ${this.#maxBytes} bytes`,
      )
    return length
  }
}
