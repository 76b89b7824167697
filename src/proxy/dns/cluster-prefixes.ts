import type { Cidr, FilterChain, Listener, ProxyConfig } from '#proxy/config/model.ts'

/** From which destination addresses each cluster is reached, as listeners and filter chains say; an empty list is "from any". */
export function prefixesByCluster(config: ProxyConfig): ReadonlyMap<string, readonly Cidr[]> {
  const found = new Map<string, Map<string, Cidr>>()
  const anywhere = new Set<string>()
  for (const listener of config.listeners.values()) {
    const own = addressOf(listener)
    for (const chain of chainsOf(listener)) {
      const cidrs = chain.match.prefixRanges.length > 0 ? chain.match.prefixRanges : own
      for (const cluster of clustersOf(chain, config)) {
        if (cidrs.length === 0) anywhere.add(cluster)
        else collect(found, cluster, cidrs)
      }
    }
  }
  return new Map([...found].map(([cluster, cidrs]) => [cluster, anywhere.has(cluster) ? [] : [...cidrs.values()]]))
}

/** All filter chains of a listener, the default one last. */
export function chainsOf(listener: Listener): readonly FilterChain[] {
  const { filterChains, defaultFilterChain } = listener
  return defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain]
}

function addressOf(listener: Listener): readonly Cidr[] {
  if (listener.address === '0.0.0.0' || listener.address === '::') return []
  return [{ address: listener.address, prefixLength: listener.address.includes(':') ? 128 : 32 }]
}

function clustersOf(chain: FilterChain, config: ProxyConfig): readonly string[] {
  const { terminal } = chain
  if (terminal.kind === 'tcp_proxy') return terminal.clusters.map((cluster) => cluster.name)
  const table = 'rds' in terminal.routes ? config.routes.get(terminal.routes.rds) : terminal.routes
  return (table?.virtualHosts ?? []).flatMap((host) =>
    host.routes.flatMap(({ action }) =>
      action.kind === 'route' ? action.clusters.map((cluster) => cluster.name) : [],
    ),
  )
}

function collect(found: Map<string, Map<string, Cidr>>, cluster: string, cidrs: readonly Cidr[]): void {
  let held = found.get(cluster)
  if (held === undefined) {
    held = new Map()
    found.set(cluster, held)
  }
  for (const cidr of cidrs) held.set(`${cidr.address}/${cidr.prefixLength}`, cidr)
}
