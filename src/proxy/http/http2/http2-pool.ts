import { type ClientHttp2Session, connect } from 'node:http2'
import type { Host } from '#proxy/cluster/host.ts'
import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import type { ConnectionEnv } from '#proxy/connection/socket-connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { type StreamPool, type StreamWaiter, streamFailureOf } from '#proxy/http/stream-pool.ts'
import { WaitingList } from '#proxy/http/waiting-list.ts'
import { type DialFailure, type DialObserver, dial } from '#proxy/upstream/upstream.ts'
import { ConnectionDuplex } from './connection-duplex.ts'
import { STREAM_WINDOW_BYTES, widenWindow } from './flow-window.ts'
import { SEVERAL_VALUES } from './http2-fields.ts'
import { UpstreamHttp2 } from './upstream-http2.ts'

interface OpenSession {
  readonly session: ClientHttp2Session
  readonly info: StreamInfo
  used: boolean
}

/** One HTTP/2 connection to one host of one cluster, shared by all requests; another one when the server says goodbye. */
export class Http2Pool implements StreamPool, DialObserver {
  readonly #cluster: UpstreamCluster
  readonly #host: Host
  readonly #env: ConnectionEnv
  readonly #waiting: WaitingList
  #open: OpenSession | undefined = undefined
  #dialling = false

  constructor(cluster: UpstreamCluster, host: Host, env: ConnectionEnv) {
    this.#cluster = cluster
    this.#host = host
    this.#env = env
    this.#waiting = new WaitingList(cluster)
  }

  get empty(): boolean {
    return this.#open === undefined && !this.#dialling && this.#waiting.length === 0
  }

  acquire(waiter: StreamWaiter): void {
    const open = this.#open
    if (open !== undefined && !open.session.closed && !open.session.destroyed) {
      this.#handOver(open, waiter)
      return
    }
    if (!this.#waiting.add(waiter) || this.#dialling) return
    this.#dialling = true
    dial(this.#env, this.#cluster, this.#host, new StreamInfo(Date.now(), performance.now()), this)
  }

  cancel(waiter: StreamWaiter): void {
    this.#waiting.remove(waiter)
  }

  retire(): void {
    this.#open?.session.close()
  }

  onConnected(connection: Connection): void {
    this.#dialling = false
    const duplex = new ConnectionDuplex(connection)
    const session = connect('http://upstream.invalid', {
      createConnection: () => duplex,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      ...SEVERAL_VALUES,
    })
    const open = { session, info: connection.info, used: false }
    this.#open = open
    const forget = () => {
      if (this.#open === open) this.#open = undefined
    }
    session.on('error', () => {}).once('connect', () => widenWindow(session))
    session.on('goaway', () => {
      forget()
      if (!session.closed) session.close()
    })
    session.on('close', forget)
    connection.setIdleTimeout(this.#cluster.config.httpIdleTimeoutMs, () => session.close())
    for (const waiter of this.#waiting.takeAll()) this.#handOver(open, waiter)
  }

  onFailed(failure: DialFailure): void {
    this.#dialling = false
    for (const waiter of this.#waiting.takeAll()) waiter.onNoStream(streamFailureOf(failure))
  }

  #handOver(open: OpenSession, waiter: StreamWaiter): void {
    const stream = new UpstreamHttp2(open.session, waiter, open.used)
    open.used = true
    waiter.onStream(stream, open.info)
  }
}
