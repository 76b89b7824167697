import { BLACK_HOLE_CLUSTER, type TcpProxyConfig, type WeightedCluster } from '#proxy/config/model.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import type { ProxyStats } from '#proxy/stats/proxy-stats.ts'
import { TcpSession } from './tcp-session.ts'
import type { FilterEnv, TerminalFilter } from './terminal.ts'

/** envoy.filters.network.tcp_proxy: carries a connection's bytes to a host of the chosen cluster. */
export class TcpProxy implements TerminalFilter {
  private readonly config: TcpProxyConfig
  private readonly mongo: boolean
  private readonly env: FilterEnv
  private readonly stats: ProxyStats

  /** @param mongo true when mongo_proxy stands before it: refusals then speak MongoDB */
  constructor(config: TcpProxyConfig, mongo: boolean, env: FilterEnv, stats: ProxyStats) {
    this.config = config
    this.mongo = mongo
    this.env = env
    this.stats = stats
  }

  accept(connection: Connection): void {
    const { config, env, stats } = this
    const log = env.accessLogger(config.accessLog)
    const name = chooseCluster(config.clusters, Math.random())
    if (name === BLACK_HOLE_CLUSTER) {
      stats.denied++
      env.denier.takeOver(connection, { mongo: this.mongo, log })
      return
    }
    new TcpSession(connection, config, this.mongo, env, stats, log).start(name)
  }
}

/** @param random in [0, 1) */
function chooseCluster(clusters: readonly [WeightedCluster, ...WeightedCluster[]], random: number): string {
  if (clusters.length === 1) return clusters[0].name
  let total = 0
  for (const cluster of clusters) total += cluster.weight
  let rest = random * total
  for (const cluster of clusters) {
    rest -= cluster.weight
    if (rest < 0) return cluster.name
  }
  return clusters[0].name
}
