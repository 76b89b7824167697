import { WheelTimer } from '#base/timer-wheel.ts'
import type { AccessLogger } from '#proxy/access-log/access-logger.ts'
import type { Host } from '#proxy/cluster/host.ts'
import type { AddressRefusal, UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { TcpProxyConfig } from '#proxy/config/model.ts'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { relay } from '#proxy/relay/relay.ts'
import type { ProxyStats } from '#proxy/stats/proxy-stats.ts'
import { type DialFailure, type DialObserver, dial } from '#proxy/upstream/upstream.ts'
import type { FilterEnv } from './terminal.ts'

/**
 * One connection through tcp_proxy, until its log line: waits for a host, dials it, and leaves the bytes to the relay.
 * Until the upstream is there it is the client's reader, and holds no more than one read of what the client sends.
 */
export class TcpSession implements ConnectionReader, DialObserver {
  private readonly downstream: Connection
  private readonly config: TcpProxyConfig
  private readonly mongo: boolean
  private readonly env: FilterEnv
  private readonly stats: ProxyStats
  private readonly log: AccessLogger
  private host: Host | undefined = undefined
  private durationTimer: WheelTimer | undefined = undefined
  /** Stops the wait for a name or a connection; undefined when nothing is waited for. */
  private cancelWait: (() => void) | undefined = undefined

  /** @param mongo true when mongo_proxy stood before */
  constructor(
    downstream: Connection,
    config: TcpProxyConfig,
    mongo: boolean,
    env: FilterEnv,
    stats: ProxyStats,
    log: AccessLogger,
  ) {
    this.downstream = downstream
    this.mongo = mongo
    this.config = config
    this.env = env
    this.stats = stats
    this.log = log
  }

  start(clusterName: string): void {
    const { downstream, config, env } = this
    downstream.setReader(this)
    if (downstream.closed) return
    downstream.setIdleTimeout(config.idleTimeoutMs, () => {
      this.stats.idleTimeouts++
      downstream.destroy()
    })
    if (config.maxConnectionDurationMs > 0) this.limitDuration(config.maxConnectionDurationMs)
    const cluster = env.cluster(clusterName)
    if (cluster === undefined) {
      this.refuse('NC', '')
      return
    }
    downstream.info.upstreamCluster = clusterName
    this.chooseHost(cluster)
  }

  onBytes(chunk: Buffer): boolean {
    this.downstream.unread(chunk)
    return false
  }

  onEnd(): void {}

  onDrain(): void {}

  /** The client went away before there was an upstream, or we sent it away. */
  onClose(): void {
    const { responseFlags } = this.downstream.info
    if (responseFlags.length === 0) responseFlags.push('DC')
    this.finish()
  }

  onConnected(upstream: Connection): void {
    this.cancelWait = undefined
    relay(this.downstream, upstream, () => this.finish())
  }

  onFailed(failure: DialFailure): void {
    this.cancelWait = undefined
    this.refuse(failure.flag, failure.transportFailureReason)
  }

  private chooseHost(cluster: UpstreamCluster): void {
    const { info } = this.downstream
    const choice = cluster.pickHost(info.downstreamLocal)
    switch (choice.kind) {
      case 'pending':
        this.cancelWait = cluster.whenResolved(() => {
          this.cancelWait = undefined
          this.chooseHost(cluster)
        })
        return
      case 'none':
        // Envoy logs nothing here; why a name has no address is worth knowing.
        this.refuse('UH', cluster.config.endpoints.length === 0 ? '' : choice.reason)
        return
      case 'refused':
        this.deny(cluster, choice.reason)
        return
      case 'host': {
        this.host = choice.host
        choice.host.active++
        const attempt = dial(this.env.connections, cluster, choice.host, info, this)
        this.cancelWait = () => attempt.cancel()
      }
    }
  }

  /** The denier answers, and writes the log line. */
  private deny({ config: { service } }: UpstreamCluster, reason: AddressRefusal): void {
    this.stats.denied++
    if (this.durationTimer !== undefined) this.env.connections.wheel.cancel(this.durationTimer)
    this.downstream.setIdleTimeout(0, () => {})
    this.env.denier.takeOver(this.downstream, { mongo: this.mongo, refusal: { reason, service }, log: this.log })
  }

  /** Ends the connection with a reset: an orderly end could be taken for an empty answer. */
  private refuse(flag: 'NC' | 'UH' | 'UF' | 'UO', reason: string): void {
    const { info } = this.downstream
    info.responseFlags.push(flag)
    // Envoy's one attempt is then used up.
    if (flag === 'UF') info.responseFlags.push('URX')
    info.upstreamTransportFailureReason = reason
    if (flag === 'UF') this.stats.upstreamConnectFailures++
    else this.stats.upstreamRefusals++
    this.downstream.destroy(true)
  }

  private limitDuration(durationMs: number): void {
    const timer = new WheelTimer(() => {
      this.stats.durationTimeouts++
      this.downstream.info.responseFlags.push('DT')
      this.downstream.destroy()
    })
    this.durationTimer = timer
    this.env.connections.wheel.schedule(timer, durationMs)
  }

  private finish(): void {
    this.cancelWait?.()
    this.cancelWait = undefined
    if (this.durationTimer !== undefined) this.env.connections.wheel.cancel(this.durationTimer)
    if (this.host !== undefined) this.host.active--
    const { info } = this.downstream
    info.endMs = performance.now()
    this.stats.bytesReceived += info.bytesReceived
    this.stats.bytesSent += info.bytesSent
    this.log(info)
  }
}
