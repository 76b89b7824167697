import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'

/** How long an upstream that has ended may take to accept the last bytes of a client that is gone. */
const FLUSH_TIMEOUT_MS = 60_000

/**
 * Carries bytes between two connections until both are closed. Each direction stops reading while the other side cannot take more,
 * and passes on an end (FIN) without ending the other direction. A side that fails takes the other with it: what one end sees as a
 * reset, the other end sees as a reset.
 * @param onEnd called once, when the downstream connection has closed: its StreamInfo is complete but for the end
 */
export function relay(downstream: Connection, upstream: Connection, onEnd: () => void): void {
  const state = new RelayState(downstream, upstream, onEnd)
  // The upstream side first: what the client has already sent is written to it at once.
  upstream.setReader(new UpstreamReader(state))
  downstream.setReader(new DownstreamReader(state))
}

class RelayState {
  readonly downstream: Connection
  readonly upstream: Connection
  readonly info: StreamInfo
  readonly onEnd: () => void
  downstreamEnded = false
  upstreamEnded = false

  constructor(downstream: Connection, upstream: Connection, onEnd: () => void) {
    this.downstream = downstream
    this.upstream = upstream
    this.info = downstream.info
    this.onEnd = onEnd
  }
}

/** From the client to the upstream. */
class DownstreamReader implements ConnectionReader {
  private readonly state: RelayState

  constructor(state: RelayState) {
    this.state = state
  }

  onBytes(chunk: Buffer): boolean {
    const { info, upstream } = this.state
    info.bytesReceived += chunk.length
    return upstream.write(chunk)
  }

  onEnd(): void {
    this.state.downstreamEnded = true
    this.state.upstream.end()
  }

  onDrain(): void {
    this.state.upstream.resume()
  }

  onClose(error: Error | undefined): void {
    const { upstream, downstreamEnded, upstreamEnded, onEnd } = this.state
    // When both have said all, the upstream may still have to be sent the client's last bytes; it then closes by itself.
    const orderly = error === undefined && downstreamEnded && upstreamEnded
    if (orderly) upstream.setIdleTimeout(FLUSH_TIMEOUT_MS, () => upstream.destroy())
    else upstream.destroy(error !== undefined)
    onEnd()
  }
}

/** From the upstream to the client. */
class UpstreamReader implements ConnectionReader {
  private readonly state: RelayState

  constructor(state: RelayState) {
    this.state = state
  }

  onBytes(chunk: Buffer): boolean {
    const { info, downstream } = this.state
    info.bytesSent += chunk.length
    return downstream.write(chunk)
  }

  onEnd(): void {
    this.state.upstreamEnded = true
    this.state.downstream.end()
  }

  onDrain(): void {
    this.state.downstream.resume()
  }

  onClose(error: Error | undefined): void {
    // After its end the upstream has no more to say: the client is still being sent what waits for it, under its own idle timeout.
    if (!this.state.upstreamEnded) this.state.downstream.destroy(error !== undefined)
  }
}
