import type { Http2Session } from 'node:http2'

/** What a peer may send on one stream before we took it: 64 KiB, the protocol's default, stalls on every round trip. */
export const STREAM_WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024

/** The same for all streams of a connection together: it bounds what a client that does not read makes us hold. */
export function widenWindow(session: Http2Session): void {
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
}
