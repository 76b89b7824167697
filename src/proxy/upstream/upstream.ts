import { SocketAddress } from '#base/socket-address.ts'
import { WheelTimer } from '#base/timer-wheel.ts'
import type { Host } from '#proxy/cluster/host.ts'
import type { Circuit, UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { type ConnectionEnv, SocketConnection } from '#proxy/connection/socket-connection.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { connectSocket } from '#proxy/transport/connect-socket.ts'

/*
 * How to reach an upstream, for TCP and HTTP alike:
 *
 *   const cluster = env.cluster(name)              undefined → flag NC
 *   const choice = cluster.pickHost(originalDst)   'none' → UH; 'pending' → whenResolved, and ask again
 *   choice.host.active++                           until the connection or request is over: what LEAST_REQUEST counts
 *   dial(env.connections, cluster, choice.host, info, observer)
 *
 * A pool of idle connections belongs to one UpstreamCluster object, keyed by `host.text`, and closes them in `onRetired`.
 */

/** Why a connection was not made. */
export interface DialFailure {
  /** UF: the connection failed or timed out; UO: the circuit breaker's maxConnections are in use. */
  readonly flag: 'UF' | 'UO'
  /** For %UPSTREAM_TRANSPORT_FAILURE_REASON%, e.g. "delayed connect error: 111"; "" for UO and for a timeout. */
  readonly transportFailureReason: string
  /** True when the connect timeout passed. */
  readonly timedOut: boolean
}

/** Who waits for a connection. Exactly one of the two is called, never before `dial` has returned, none after `cancel`. */
export interface DialObserver {
  /** Set a reader before returning. */
  onConnected(connection: Connection): void
  onFailed(failure: DialFailure): void
}

/** A connection being made. */
export interface Dial {
  cancel(): void
}

/**
 * Connects to `host` within the cluster's connect timeout. Counts against the cluster's circuit breaker from here to the close.
 * @param info becomes the connection's; its upstream fields are filled in (host at once, local address when connected)
 */
export function dial(
  env: ConnectionEnv,
  cluster: UpstreamCluster,
  host: Host,
  info: StreamInfo,
  observer: DialObserver,
): Dial {
  info.upstreamHost = host
  if (cluster.circuit.connections >= cluster.config.maxConnections) return new OverflowDial(observer)
  return new SocketDial(env, cluster, host, info, observer)
}

/** The circuit breaker refused: nothing is dialled. */
class OverflowDial implements Dial {
  private cancelled = false

  constructor(observer: DialObserver) {
    process.nextTick(() => {
      if (!this.cancelled) observer.onFailed({ flag: 'UO', transportFailureReason: '', timedOut: false })
    })
  }

  cancel(): void {
    this.cancelled = true
  }
}

/** A connection on its way; reads it only to learn that it failed. */
class SocketDial implements Dial, ConnectionReader {
  private readonly env: ConnectionEnv
  private readonly observer: DialObserver
  private readonly connection: UpstreamConnection
  private readonly timer: WheelTimer
  private timedOut = false
  private cancelled = false

  constructor(env: ConnectionEnv, cluster: UpstreamCluster, host: Host, info: StreamInfo, observer: DialObserver) {
    this.env = env
    this.observer = observer
    this.connection = new UpstreamConnection(env, info, cluster.circuit)
    this.timer = new WheelTimer(() => this.giveUp())
    env.wheel.schedule(this.timer, cluster.config.connectTimeoutMs)
    this.connection.setReader(this)
    connectSocket(this.connection.socket, host.address, host.port, () => this.finish())
  }

  cancel(): void {
    this.cancelled = true
    this.env.wheel.cancel(this.timer)
    this.connection.destroy()
  }

  onBytes(): boolean {
    return false
  }

  onEnd(): void {}

  onDrain(): void {}

  onClose(error: Error | undefined): void {
    this.env.wheel.cancel(this.timer)
    if (this.cancelled) return
    const { timedOut } = this
    this.observer.onFailed({
      flag: 'UF',
      transportFailureReason: timedOut ? '' : connectFailureReason(error),
      timedOut,
    })
  }

  private giveUp(): void {
    this.timedOut = true
    this.connection.destroy()
  }

  private finish(): void {
    if (this.cancelled || this.timedOut) return
    this.env.wheel.cancel(this.timer)
    const { info, socket } = this.connection
    info.upstreamLocal = new SocketAddress(socket.localAddress ?? '', socket.localPort ?? 0)
    this.observer.onConnected(this.connection)
  }
}

/** As Envoy words it, e.g. "delayed connect error: 111" (ECONNREFUSED). */
function connectFailureReason(error: Error | undefined): string {
  const errno = (error as NodeJS.ErrnoException | undefined)?.errno
  return errno === undefined ? (error?.message ?? '') : `delayed connect error: ${-errno}`
}

/** Gives its place in the circuit back when it has closed. */
class UpstreamConnection extends SocketConnection {
  private readonly circuit: Circuit

  constructor(env: ConnectionEnv, info: StreamInfo, circuit: Circuit) {
    super(env, info, undefined)
    this.circuit = circuit
    circuit.connections++
  }

  override takeClose(): void {
    this.circuit.connections--
    super.takeClose()
  }
}
