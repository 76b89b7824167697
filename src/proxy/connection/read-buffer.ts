/** Bytes of one read at most: 64 KB cost a fifth more CPU per gigabyte, larger ones save nothing. */
export const READ_BUFFER_BYTES = 256 * 1024
/** Views of reads up to this size are kept: to make one costs as much as to look through a small message. */
const MOST_KEPT_BYTES = 2048

/**
 * The one buffer into which all connections of a proxy read. One is enough: libuv fills it and hands it over within the same
 * callback, and whoever needs bytes for longer copies them. So an idle connection holds no buffer, and a busy one finds it in the cache.
 */
export class ReadBuffer {
  /** Its own memory, outside Node's pool of small buffers. */
  readonly bytes = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  readonly #views: (Buffer | undefined)[] = Array.from({ length: MOST_KEPT_BYTES + 1 })

  /** The first `length` bytes; lent, as they are. */
  view(length: number): Buffer {
    if (length > MOST_KEPT_BYTES) return this.bytes.subarray(0, length)
    const kept = this.#views[length]
    if (kept !== undefined) return kept
    const view = this.bytes.subarray(0, length)
    this.#views[length] = view
    return view
  }
}
