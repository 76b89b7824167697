import type { Server } from 'node:net'
import { withoutMapping } from '#base/ip-address.ts'
import { SocketAddress } from '#base/socket-address.ts'
import { OriginalDestinationLookup } from '#proxy/connection/original-destination.ts'
import { type ConnectionEnv, SocketConnection } from '#proxy/connection/socket-connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { fileDescriptorOf, takeAccepted } from '#proxy/connection/tcp-handle.ts'

/** Where an accepted connection was going; undefined when it was not redirected: then it was for the listener itself. */
export type FindOriginalDestination = (connection: SocketConnection) => SocketAddress | undefined

/** Who takes accepted connections. */
export interface DownstreamObserver {
  /** The connection's StreamInfo says who dialled, and where to. */
  onAccepted(connection: SocketConnection): void
  onDownstreamClosed(): void
}

/** An accepted connection: tells its observer when it is gone. */
class DownstreamConnection extends SocketConnection {
  private readonly observer: DownstreamObserver

  constructor(env: ConnectionEnv, info: StreamInfo, handle: unknown, observer: DownstreamObserver) {
    super(env, info, handle)
    this.observer = observer
  }

  override takeClose(): void {
    super.takeClose()
    this.observer.onDownstreamClosed()
  }
}

/** From here on, all that `server` accepts goes to `observer`. */
export function acceptDownstream(
  server: Server,
  env: ConnectionEnv,
  originalDestination: FindOriginalDestination,
  observer: DownstreamObserver,
): void {
  takeAccepted(server, (handle) => {
    const info = new StreamInfo(Date.now(), performance.now())
    const connection = new DownstreamConnection(env, info, handle, observer)
    const { socket } = connection
    socket.setNoDelay(true)
    info.downstreamRemote = addressOf(socket.remoteAddress, socket.remotePort)
    info.downstreamLocal = originalDestination(connection) ?? addressOf(socket.localAddress, socket.localPort)
    observer.onAccepted(connection)
  })
}

function addressOf(address = '', port = 0): SocketAddress {
  return new SocketAddress(withoutMapping(address), port)
}

/** Asks the kernel where redirected connections were going: what a proxy behind nftables or iptables uses. */
export function kernelOriginalDestination(): FindOriginalDestination {
  const lookup = new OriginalDestinationLookup()
  return ({ socket }) => {
    const ipv6 = withoutMapping(socket.remoteAddress ?? '').includes(':')
    return lookup.of(fileDescriptorOf(socket), ipv6)
  }
}
