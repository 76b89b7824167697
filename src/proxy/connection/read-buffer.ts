/** Bytes of one read at most: 64 KB cost a fifth more CPU per gigabyte, larger ones save nothing. */
export const READ_BUFFER_BYTES = 256 * 1024

/**
 * The one buffer into which all connections of a proxy read. One is enough: libuv fills it and hands it over within the same
 * callback, and whoever needs bytes for longer copies them. So an idle connection holds no buffer, and a busy one finds it in the cache.
 */
export function createReadBuffer(): Buffer {
  // Its own memory, outside Node's pool of small buffers.
  return Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
}
