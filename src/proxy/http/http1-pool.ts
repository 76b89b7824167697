import type { Host } from '#proxy/cluster/host.ts'
import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import type { ConnectionEnv } from '#proxy/connection/socket-connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { type DialFailure, type DialObserver, dial } from '#proxy/upstream/upstream.ts'
import { type StreamPool, type StreamWaiter, streamFailureOf } from './stream-pool.ts'
import { type Http1Home, UpstreamHttp1 } from './upstream-http1.ts'
import { WaitingList } from './waiting-list.ts'

/** The HTTP/1.1 connections to one host of one cluster. */
export class Http1Pool implements StreamPool, Http1Home, DialObserver {
  readonly #cluster: UpstreamCluster
  readonly #host: Host
  readonly #env: ConnectionEnv
  /** The one used last comes first: the others grow old and are closed. */
  readonly #idle: UpstreamHttp1[] = []
  readonly #waiting: WaitingList
  #open = 0
  #dialling = 0
  #retired = false

  constructor(cluster: UpstreamCluster, host: Host, env: ConnectionEnv) {
    this.#cluster = cluster
    this.#host = host
    this.#env = env
    this.#waiting = new WaitingList(cluster)
  }

  get empty(): boolean {
    return this.#open === 0 && this.#dialling === 0 && this.#waiting.length === 0
  }

  acquire(waiter: StreamWaiter): void {
    const connection = this.#idle.pop()
    if (connection !== undefined) {
      this.#handOver(connection, waiter)
      return
    }
    if (this.#waiting.add(waiter)) this.#dialForWaiting()
  }

  cancel(waiter: StreamWaiter): void {
    this.#waiting.remove(waiter)
  }

  retire(): void {
    this.#retired = true
    for (const connection of this.#idle.splice(0)) connection.close()
  }

  /** One connection for each that waits; when the cluster has all that it may have, one of this host's will come free. */
  #dialForWaiting(): void {
    if (this.#dialling >= this.#waiting.length) return
    const full = this.#cluster.circuit.connections >= this.#cluster.config.maxConnections
    if (full && this.#open + this.#dialling > 0) return
    this.#dialling++
    const info = new StreamInfo(Date.now(), performance.now())
    dial(this.#env, this.#cluster, this.#host, info, this)
  }

  onConnected(connection: Connection): void {
    this.#dialling--
    this.#open++
    const upstream = new UpstreamHttp1(connection, this, this.#cluster.config.httpIdleTimeoutMs)
    if (!upstream.gone) this.onFree(upstream)
  }

  onFailed(failure: DialFailure): void {
    this.#dialling--
    const waiter = this.#waiting.takeFirst()
    waiter?.onNoStream(streamFailureOf(failure))
    // Others may have counted on this dial, when the circuit breaker allowed no further one.
    this.#dialForWaiting()
  }

  onFree(connection: UpstreamHttp1): void {
    const waiter = this.#waiting.takeFirst()
    if (waiter !== undefined) this.#handOver(connection, waiter)
    else if (this.#retired) connection.close()
    else this.#idle.push(connection)
  }

  onGone(connection: UpstreamHttp1): void {
    this.#open--
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    this.#dialForWaiting()
  }

  #handOver(connection: UpstreamHttp1, waiter: StreamWaiter): void {
    connection.assign(waiter)
    waiter.onStream(connection, connection.connection.info)
  }
}
