import type { Cluster, Endpoint, FilterChain, FilterChainMatch, Listener, ProxyConfig } from '#proxy/config/model.ts'

/** A cluster with the defaults that the control plane sends. */
export function clusterOf(name: string, fields: Partial<Cluster> = {}): Cluster {
  return {
    name,
    type: 'STATIC',
    connectTimeoutMs: 10_000,
    lbPolicy: 'ROUND_ROBIN',
    endpoints: [],
    dns: { refreshRateMs: 60_000, respectTtl: true, family: 'V4_ONLY' },
    httpProtocol: 'http1',
    httpIdleTimeoutMs: 3_600_000,
    upstreamPortOverride: undefined,
    maxConnections: 4_294_967_295,
    maxPendingRequests: 4_294_967_295,
    maxRequests: 4_294_967_295,
    service: undefined,
    ...fields,
  }
}

export function endpointOf(address: string, port: number, fields: Partial<Endpoint> = {}): Endpoint {
  return { address, port, weight: 1, priority: 0, healthy: true, ...fields }
}

/** A filter chain to one cluster through tcp_proxy. */
export function tcpChainOf(name: string, cluster: string, match: Partial<FilterChainMatch> = {}): FilterChain {
  return {
    name,
    match: {
      destinationPort: undefined,
      prefixRanges: [],
      serverNames: [],
      transportProtocol: undefined,
      applicationProtocols: [],
      ...match,
    },
    terminal: {
      kind: 'tcp_proxy',
      statPrefix: cluster,
      clusters: [{ name: cluster, weight: 1 }],
      idleTimeoutMs: 3_600_000,
      maxConnectionDurationMs: 0,
      accessLog: [{ path: '/dev/stdout', format: { kind: 'text', template: '' }, onlyFlags: [] }],
    },
    mongo: false,
  }
}

export function listenerOf(name: string, address: string, port: number, fields: Partial<Listener> = {}): Listener {
  return {
    name,
    address,
    port,
    bindToPort: false,
    useOriginalDst: false,
    inspectors: { tls: false, http: false },
    inspectorTimeoutMs: 0,
    continueOnInspectorTimeout: false,
    filterChains: [],
    defaultFilterChain: undefined,
    accessLog: [],
    ...fields,
  }
}

export function proxyConfigOf(
  listeners: readonly Listener[],
  clusters: readonly Cluster[],
  version = 'v1',
): ProxyConfig {
  return {
    version,
    listeners: new Map(listeners.map((listener) => [listener.name, listener])),
    routes: new Map(),
    clusters: new Map(clusters.map((cluster) => [cluster.name, cluster])),
    names: new Map(),
  }
}
