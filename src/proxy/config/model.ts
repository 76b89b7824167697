/**
 * The proxy's own configuration: what proxy/config makes of xDS resources, and all that the rest of the proxy knows of them.
 * Plain readonly values: connections keep the objects that they started with, so a new configuration never disturbs them.
 * Durations are milliseconds; 0 is "no limit" unless a field says otherwise.
 */

/** Names with a meaning (spec 3.8, 3.10). */
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster'
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster'
export const VIRTUAL_OUTBOUND = 'virtualOutbound'
export const BLOCK_ALL_ROUTE = 'block_all'

/** Everything a proxy runs on. Replaced whole, atomically, when resources change. */
export interface ProxyConfig {
  /** Shown in denials and in the admin endpoint. */
  readonly version: string
  readonly listeners: ReadonlyMap<string, Listener>
  readonly routes: ReadonlyMap<string, RouteTable>
  /** STATIC, DNS and EDS clusters carry their endpoints: EDS is joined in before this point. */
  readonly clusters: ReadonlyMap<string, Cluster>
  /** Host name, lower case, possibly "*.x", to addresses (Istio's NDS). */
  readonly names: ReadonlyMap<string, NameRecord>
}

export interface NameRecord {
  readonly ips: readonly string[]
  /** "External" for service entries. */
  readonly registry: string
}

/** An IP prefix; `address` is IPv4 or IPv6 text. */
export interface Cidr {
  readonly address: string
  readonly prefixLength: number
}

export interface Listener {
  readonly name: string
  /** "0.0.0.0" or "::" is the wildcard. */
  readonly address: string
  /** Further addresses of the same listener, on the same port (dual stack: "::" beside "0.0.0.0"); absent: none. */
  readonly additionalAddresses?: readonly string[]
  readonly port: number
  readonly bindToPort: boolean
  readonly useOriginalDst: boolean
  readonly inspectors: { readonly tls: boolean; readonly http: boolean }
  /** 0: inspectors wait for ever (protocolDetectionTimeout 0s). */
  readonly inspectorTimeoutMs: number
  readonly continueOnInspectorTimeout: boolean
  readonly filterChains: readonly FilterChain[]
  readonly defaultFilterChain: FilterChain | undefined
  /** Written for connections that match no filter chain (flag NR). */
  readonly accessLog: readonly AccessLogConfig[]
}

export interface FilterChain {
  readonly name: string
  readonly match: FilterChainMatch
  readonly terminal: TcpProxyConfig | HttpConnectionManagerConfig
  /** True when envoy.filters.network.mongo_proxy stands before the terminal filter. */
  readonly mongo: boolean
}

/** Empty lists and undefined match everything (Envoy's filter chain match). */
export interface FilterChainMatch {
  readonly destinationPort: number | undefined
  readonly prefixRanges: readonly Cidr[]
  /** Lower case; "*.x" is a wildcard of one or more labels. */
  readonly serverNames: readonly string[]
  readonly transportProtocol: 'raw_buffer' | 'tls' | undefined
  /** "http/1.0", "http/1.1", "h2c" from the HTTP inspector; ALPN names from the TLS inspector. */
  readonly applicationProtocols: readonly string[]
}

export interface WeightedCluster {
  readonly name: string
  /** 1 or more */
  readonly weight: number
}

export interface TcpProxyConfig {
  readonly kind: 'tcp_proxy'
  readonly statPrefix: string
  readonly clusters: readonly [WeightedCluster, ...WeightedCluster[]]
  /** Default 1 h. */
  readonly idleTimeoutMs: number
  readonly maxConnectionDurationMs: number
  readonly accessLog: readonly AccessLogConfig[]
}

export interface HttpConnectionManagerConfig {
  readonly kind: 'http_connection_manager'
  readonly statPrefix: string
  /** A name in ProxyConfig.routes, looked up per request; or the table itself. */
  readonly routes: { readonly rds: string } | RouteTable
  readonly streamIdleTimeoutMs: number
  /** Downstream connections idle for longer are closed; default 1 h. */
  readonly idleTimeoutMs: number
  readonly allowWebsocket: boolean
  readonly normalizePath: boolean
  readonly useRemoteAddress: boolean
  readonly generateRequestId: boolean
  readonly accessLog: readonly AccessLogConfig[]
}

export interface RouteTable {
  readonly name: string
  readonly virtualHosts: readonly VirtualHost[]
  readonly ignorePortInHostMatching: boolean
}

export interface VirtualHost {
  readonly name: string
  /** Lower case: exact, "*.suffix", "prefix.*", or "*"; in this order of precedence. */
  readonly domains: readonly string[]
  readonly routes: readonly Route[]
  readonly includeAttemptCount: boolean
}

export interface Route {
  /** %ROUTE_NAME% */
  readonly name: string
  readonly match: RouteMatch
  readonly action: RouteAction | DirectResponse | Redirect
}

export interface RouteMatch {
  readonly path:
    | { readonly kind: 'prefix'; readonly value: string }
    | { readonly kind: 'exact'; readonly value: string }
    | { readonly kind: 'regex'; readonly value: string }
  readonly caseSensitive: boolean
  readonly headers: readonly HeaderMatch[]
}

export interface HeaderMatch {
  /** Lower case; ":method", ":authority", ":scheme" are pseudo headers. */
  readonly name: string
  readonly test:
    | { readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains' | 'regex'; readonly value: string }
    | { readonly kind: 'present' }
  readonly invert: boolean
}

export interface RouteAction {
  readonly kind: 'route'
  readonly clusters: readonly [WeightedCluster, ...WeightedCluster[]]
  /** 0: no timeout. */
  readonly timeoutMs: number
  readonly retry: RetryPolicy | undefined
  readonly prefixRewrite: string | undefined
  readonly hostRewrite: string | undefined
}

export interface RetryPolicy {
  /** Envoy's names: "connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes", "5xx", ... */
  readonly retryOn: ReadonlySet<string>
  readonly retriableStatusCodes: readonly number[]
  readonly numRetries: number
  readonly perTryTimeoutMs: number
}

export interface DirectResponse {
  readonly kind: 'direct_response'
  readonly status: number
  readonly body: string
}

export interface Redirect {
  readonly kind: 'redirect'
  readonly status: number
  readonly host: string | undefined
  readonly path: string | undefined
  readonly scheme: string | undefined
}

export type ClusterType = 'ORIGINAL_DST' | 'STATIC' | 'EDS' | 'STRICT_DNS' | 'LOGICAL_DNS'

export interface Cluster {
  readonly name: string
  readonly type: ClusterType
  /** Default 10000. */
  readonly connectTimeoutMs: number
  readonly lbPolicy: 'ROUND_ROBIN' | 'LEAST_REQUEST' | 'RANDOM' | 'CLUSTER_PROVIDED'
  /** Empty for ORIGINAL_DST; host names for the DNS types. */
  readonly endpoints: readonly Endpoint[]
  readonly dns: {
    readonly refreshRateMs: number
    readonly respectTtl: boolean
    readonly family: 'V4_ONLY' | 'V6_ONLY' | 'ALL' | 'V4_PREFERRED' | 'AUTO'
  }
  /** What the hosts speak: http1, http2, or what the downstream spoke. */
  readonly httpProtocol: 'http1' | 'http2' | 'downstream'
  /** Idle pooled HTTP connections are closed after this; default 1 h. */
  readonly httpIdleTimeoutMs: number
  /** ORIGINAL_DST only: dial this port instead (targetPort of a NONE service entry). */
  readonly upstreamPortOverride: number | undefined
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
  /** The service that this cluster stands for; undefined for BlackHoleCluster and PassthroughCluster. */
  readonly service: ServiceRef | undefined
}

export interface Endpoint {
  /** IP, host name (DNS types), or a path with `port` 0 (Unix socket). */
  readonly address: string
  readonly port: number
  /** 1 or more */
  readonly weight: number
  readonly priority: number
  readonly healthy: boolean
}

/** From filter_metadata "istio" (services[0]) and "postern" (the object that defines it). */
export interface ServiceRef {
  readonly host: string
  readonly namespace: string
  /** Parsed from the cluster name "outbound|PORT|SUBSET|HOST". */
  readonly port: number
  /** e.g. "TCP", "HTTPS"; "" when unknown. */
  readonly protocol: string
  /** e.g. "ServiceEntry default/wikipedia-ext"; "" when the control plane did not say. */
  readonly definedBy: string
  /**
   * ORIGINAL_DST: where the application may dial besides the addresses that DNS answered for the host. Absent: the control plane did
   * not say, and the matches of listeners and chains decide alone, as in Envoy.
   */
  readonly addresses?: readonly Cidr[]
}

export interface AccessLogConfig {
  /** "/dev/stdout", "/dev/stderr", or a file. */
  readonly path: string
  readonly format:
    | { readonly kind: 'text'; readonly template: string }
    /** Keys in order; strings are templates, wherever they stand. */
    | { readonly kind: 'json'; readonly fields: JsonLogFields }
  /** Written only when one of these response flags is set; empty: always. */
  readonly onlyFlags: readonly string[]
}

export interface JsonLogFields {
  readonly [key: string]: JsonLogValue
}

export type JsonLogValue = string | number | boolean | null | readonly JsonLogValue[] | JsonLogFields
