import type { Cidr, Cluster, ClusterType, FilterChain, Listener, ProxyConfig } from '#proxy/config/model.ts'
import { clusterOf, endpointOf, listenerOf, proxyConfigOf, tcpChainOf } from './proxy-config.ts'

/** One port of one service entry, for tests of what reads a ProxyConfig. */
export interface FixtureService {
  readonly host: string
  readonly port: number
  readonly protocol?: string
  readonly definedBy?: string
  readonly type?: ClusterType
  readonly cidrs?: readonly Cidr[]
  readonly endpoints?: number
}

export interface FixtureOptions {
  readonly services?: readonly FixtureService[]
  readonly names?: Readonly<Record<string, readonly string[]>>
  readonly allowAny?: boolean
}

/** A ProxyConfig with one cluster and one listener per service, beside virtualOutbound. */
export function fixtureConfig({ services = [], names = {}, allowAny = false }: FixtureOptions): ProxyConfig {
  const clusters = services.map(serviceCluster)
  const listeners = services.map((service, at) => {
    const chain = tcpChainOf('', (clusters[at] as Cluster).name, { prefixRanges: service.cidrs ?? [] })
    return listenerOf(`0.0.0.0_${service.port}_${at}`, '0.0.0.0', service.port, { filterChains: [chain] })
  })
  const outbound = tcpChainOf('virtualOutbound-catchall-tcp', allowAny ? 'PassthroughCluster' : 'BlackHoleCluster')
  return {
    ...proxyConfigOf([virtualOutbound(outbound), ...listeners], clusters, 'v7'),
    names: new Map(Object.entries(names).map(([host, ips]) => [host, { ips, registry: 'External' }])),
  }
}

function serviceCluster(service: FixtureService): Cluster {
  const { host, port, protocol = 'HTTPS', definedBy = `ServiceEntry default/${host}`, type = 'STRICT_DNS' } = service
  const count = type === 'ORIGINAL_DST' ? 0 : (service.endpoints ?? 1)
  return clusterOf(`outbound|${port}||${host}`, {
    type,
    endpoints: Array.from({ length: count }, () => endpointOf(host, port)),
    service: { host, namespace: 'default', port, protocol, definedBy },
  })
}

function virtualOutbound(chain: FilterChain): Listener {
  return listenerOf('virtualOutbound', '0.0.0.0', 15001, {
    bindToPort: true,
    useOriginalDst: true,
    filterChains: [chain],
  })
}
