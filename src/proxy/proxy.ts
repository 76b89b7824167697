import type { Server } from 'node:net'
import { TimerWheel } from '#base/timer-wheel.ts'
import type { AccessLogger } from '#proxy/access-log/access-logger.ts'
import { Clusters } from '#proxy/cluster/clusters.ts'
import type { Resolver } from '#proxy/cluster/resolver.ts'
import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { AccessLogConfig, ProxyConfig } from '#proxy/config/model.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import { OutBuffer } from '#proxy/connection/out-buffer.ts'
import { ReadBuffer } from '#proxy/connection/read-buffer.ts'
import type { ConnectionEnv } from '#proxy/connection/socket-connection.ts'
import type { NameLookup } from '#proxy/dns/name-lookup.ts'
import { Dispatcher } from '#proxy/listener/dispatcher.ts'
import { acceptDownstream, type FindOriginalDestination } from '#proxy/listener/downstream.ts'
import type { Denier, FilterEnv, HttpConnectionManagerFactory } from '#proxy/network-filters/terminal.ts'
import { ProxyStats } from '#proxy/stats/proxy-stats.ts'

/** What a proxy is made of. */
export interface ProxyOptions {
  readonly resolver: Resolver
  /** Which addresses the application was told for which names: what it dials itself is held against them. */
  readonly names: NameLookup
  readonly denier: Denier
  readonly createHttpConnectionManager: HttpConnectionManagerFactory
  /** The logger for a filter's access logs. */
  readonly accessLogger: (logs: readonly AccessLogConfig[]) => AccessLogger
  readonly originalDestination: FindOriginalDestination
  /** Downstream connections at most; further ones are reset. Default 10,000. */
  readonly maxConnections?: number
}

const DEFAULT_MAX_CONNECTIONS = 10_000
const NO_CONFIG: ProxyConfig = {
  version: '',
  listeners: new Map(),
  routes: new Map(),
  clusters: new Map(),
  names: new Map(),
}

/**
 * A sidecar's data path: accepts what the application opens and serves it under the newest configuration. Until there is a
 * configuration everything is refused. Holds no state outside itself: several proxies may run in one process.
 */
export class EgressProxy implements FilterEnv {
  readonly connections: Required<ConnectionEnv>
  /** With a buffer of its own: what clients get and what upstreams get is not mixed, so that each wakes once for several pieces. */
  private readonly downstreams: ConnectionEnv
  readonly denier: Denier
  private readonly options: ProxyOptions
  private readonly wheel = new TimerWheel()
  private readonly clusters: Clusters
  private readonly dispatcher: Dispatcher
  private readonly counters = new ProxyStats()
  private readonly servers: Server[] = []
  private readonly drainers = new Set<() => void>()
  private isDraining = false
  private current = NO_CONFIG
  private onEmpty: (() => void) | undefined = undefined

  constructor(options: ProxyOptions) {
    this.options = options
    this.denier = options.denier
    this.connections = { wheel: this.wheel, readBuffer: new ReadBuffer(), out: new OutBuffer(), open: new Set() }
    this.downstreams = { ...this.connections, out: new OutBuffer() }
    this.clusters = new Clusters(options.resolver, this.wheel, options.names)
    this.dispatcher = new Dispatcher(this, options.createHttpConnectionManager, this.counters)
  }

  /**
   * Takes over a listening server to which the kernel redirects what the application dials. All it accepts from now on is the
   * proxy's, and it is closed with the proxy.
   */
  listen(server: Server): void {
    this.takeOver(server, this.options.originalDestination, (connection) => this.dispatch(connection))
  }

  /**
   * Takes over a listening server whose clients say themselves where they want to go (CONNECT, SOCKS5).
   * @param front finds that out, writes it into the connection's `info` (downstreamLocal), and calls `dispatch`
   */
  listenExplicit(server: Server, front: (connection: Connection) => void): void {
    this.takeOver(server, () => undefined, front)
  }

  /** Leads an accepted connection to its filters, by the destination in its `info`. */
  dispatch(connection: Connection): void {
    this.dispatcher.dispatch(connection)
  }

  /** Replaces the configuration: for connections and requests that begin from now on. What is under way goes on as it began. */
  applyConfig(config: ProxyConfig): void {
    this.clusters.apply(config.clusters)
    this.dispatcher.apply(config.listeners)
    this.current = config
    this.counters.configUpdates++
  }

  /** What was counted until now: a copy. */
  stats(): Readonly<ProxyStats> {
    return { ...this.counters }
  }

  /**
   * Stops accepting, lets what is under way finish, and closes what is left after `deadlineMs`. Settles when everything is closed.
   */
  async drain(deadlineMs: number): Promise<void> {
    this.stopAccepting()
    this.isDraining = true
    for (const callback of [...this.drainers]) callback()
    if (this.counters.downstreamActive > 0) {
      await new Promise<void>((resolve) => {
        const timeout = setTimeout(resolve, deadlineMs)
        this.onEmpty = () => {
          clearTimeout(timeout)
          resolve()
        }
      })
    }
    await this.close()
  }

  /** Closes everything at once. Settles when the last socket is gone. */
  async close(): Promise<void> {
    this.stopAccepting()
    this.clusters.close()
    for (const connection of [...this.connections.open]) connection.destroy()
    while (this.connections.open.size > 0) await new Promise((resolve) => setImmediate(resolve))
    this.wheel.close()
  }

  config(): ProxyConfig {
    return this.current
  }

  cluster(name: string): UpstreamCluster | undefined {
    return this.clusters.get(name)
  }

  draining(): boolean {
    return this.isDraining
  }

  onDraining(callback: () => void): () => void {
    this.drainers.add(callback)
    return () => this.drainers.delete(callback)
  }

  accessLogger(logs: readonly AccessLogConfig[]): AccessLogger {
    return this.options.accessLogger(logs)
  }

  private takeOver(
    server: Server,
    originalDestination: FindOriginalDestination,
    serve: (connection: Connection) => void,
  ): void {
    this.servers.push(server)
    acceptDownstream(server, this.downstreams, originalDestination, {
      onAccepted: (connection) => this.admit(connection, serve),
      onDownstreamClosed: () => this.forget(),
    })
  }

  private admit(connection: Connection, serve: (connection: Connection) => void): void {
    const { counters } = this
    counters.downstreamConnections++
    if (++counters.downstreamActive <= (this.options.maxConnections ?? DEFAULT_MAX_CONNECTIONS)) {
      serve(connection)
      return
    }
    counters.downstreamOverLimit++
    connection.destroy(true)
  }

  private forget(): void {
    this.counters.downstreamActive--
    if (this.counters.downstreamActive === 0) this.onEmpty?.()
  }

  private stopAccepting(): void {
    for (const server of this.servers.splice(0)) server.close()
  }
}
