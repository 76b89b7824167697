import type { TcpProxy } from '#xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js'
import { decodeAccessLogs } from './decode-access-log.ts'
import { decodeWeightedClusters } from './decode-weighted-clusters.ts'
import type { TcpProxyConfig } from './model.ts'
import type { Place } from './place.ts'

const DEFAULT_IDLE_TIMEOUT_MS = 3_600_000

/** Fields that our generated types leave out and that must not be ignored (tcp_proxy.proto). */
const REFUSED_FIELDS = { 12: 'tunneling_config', 14: 'on_demand' }

/** Undefined, and errors, when it names no cluster. */
export function decodeTcpProxy(proxy: TcpProxy, place: Place): TcpProxyConfig | undefined {
  if (proxy.statPrefix === '') place.at('stat_prefix').error('is empty')
  place.refuseUnknown(proxy, REFUSED_FIELDS)
  place.refuseSet({ metadata_match: proxy.metadataMatch !== undefined })
  if (proxy.hashPolicy.length > 0) place.at('hash_policy').note('has no effect')
  const clusters = decodeClusters(proxy, place)
  if (clusters === undefined) return undefined
  return {
    kind: 'tcp_proxy',
    statPrefix: proxy.statPrefix,
    clusters,
    idleTimeoutMs: place.at('idle_timeout').durationMs(proxy.idleTimeout, DEFAULT_IDLE_TIMEOUT_MS),
    maxConnectionDurationMs: place
      .at('max_downstream_connection_duration')
      .durationMs(proxy.maxDownstreamConnectionDuration, 0),
    accessLog: decodeAccessLogs(proxy.accessLog, place),
  }
}

function decodeClusters({ clusterSpecifier }: TcpProxy, place: Place): TcpProxyConfig['clusters'] | undefined {
  if (clusterSpecifier.case === 'cluster') return [{ name: clusterSpecifier.value, weight: 1 }]
  if (clusterSpecifier.case === 'weightedClusters')
    return decodeWeightedClusters(clusterSpecifier.value.clusters, place.at('weighted_clusters'))
  place.error('neither cluster nor weighted_clusters is set')
  return undefined
}
