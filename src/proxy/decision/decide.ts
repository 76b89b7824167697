import { formatHostPort } from '#base/host-port.ts'
import { OriginalDstCluster } from '#proxy/cluster/original-dst-cluster.ts'
import { type AddressRefusal, Circuit } from '#proxy/cluster/upstream-cluster.ts'
import {
  BLACK_HOLE_CLUSTER,
  BLOCK_ALL_ROUTE,
  type HttpConnectionManagerConfig,
  type ProxyConfig,
  type Route,
  type RouteTable,
} from '#proxy/config/model.ts'
import { type NameLookup, NO_NAMES } from '#proxy/dns/name-lookup.ts'
import { type CompiledRouteTable, compileRouteTable, matchRoute } from '#proxy/http/routing/route-table.ts'
import { matchFilterChain } from '#proxy/listener/filter-chain-match.ts'
import { ListenerTable } from '#proxy/listener/listener-table.ts'

/** A call that has not been made: what the application would dial, and what its first bytes would say. */
export interface HypotheticalCall {
  readonly ip: string
  readonly port: number
  /** What it speaks; server-first protocols are "tcp". */
  readonly protocol: 'tcp' | 'tls' | 'http'
  /** Server name of the ClientHello; "" when there is none. */
  readonly sni: string
  /** Host header; "" when there is none. */
  readonly authority: string
}

/** Where the call would go: found with the very matchers that serve traffic. */
export interface Decision {
  readonly verdict: 'allow' | 'deny'
  readonly listener: string
  readonly filterChain: string | undefined
  readonly virtualHost: string | undefined
  readonly route: string | undefined
  readonly cluster: string | undefined
  /** Status that the proxy itself answers with. */
  readonly status: number | undefined
  readonly reason:
    | 'routed'
    | 'passthrough'
    | 'black_hole'
    | 'block_all'
    | 'direct_response'
    | 'redirect'
    | 'no_listener'
    | 'no_filter_chain'
    | 'no_virtual_host'
    | 'no_route'
    | 'no_cluster'
    | 'no_endpoint'
    | AddressRefusal
  /** Allowed only when DNS has answered the address for this host; the call is refused as `address_mismatch` otherwise. */
  readonly ifAnsweredFor?: string
}

const NOWHERE = {
  verdict: 'deny',
  listener: '',
  filterChain: undefined,
  virtualHost: undefined,
  route: undefined,
  cluster: undefined,
  status: undefined,
} as const

/** The matchers of one configuration, laid out once for any number of calls. */
export class Matchers {
  readonly config: ProxyConfig
  readonly listeners: ListenerTable
  readonly #routes = new Map<RouteTable, CompiledRouteTable>()

  constructor(config: ProxyConfig) {
    this.config = config
    this.listeners = new ListenerTable(config.listeners)
  }

  routes(table: RouteTable): CompiledRouteTable {
    const known = this.#routes.get(table)
    if (known !== undefined) return known
    const compiled = compileRouteTable(table)
    this.#routes.set(table, compiled)
    return compiled
  }
}

/** Answers for `call` what the proxy with this configuration would do, without a socket. */
export function decide(matchers: Matchers, call: HypotheticalCall): Decision {
  const { config } = matchers
  const found = matchers.listeners.find(call.ip, call.port)
  if (found === undefined) return { ...NOWHERE, reason: 'no_listener' }
  const { listener } = found
  const { inspectors } = listener
  const chain = matchFilterChain(found, {
    dstIp: call.ip,
    dstPort: call.port,
    serverName: inspectors.tls && call.protocol === 'tls' ? call.sni.toLowerCase().replace(/\.$/, '') : '',
    transportProtocol: inspectors.tls && call.protocol === 'tls' ? 'tls' : 'raw_buffer',
    applicationProtocols: inspectors.http && call.protocol === 'http' ? ['http/1.1'] : [],
  })
  const at = { ...NOWHERE, listener: listener.name, filterChain: chain?.name }
  if (chain === undefined) return { ...at, reason: 'no_filter_chain' }
  return chain.terminal.kind === 'tcp_proxy'
    ? toCluster(config, at, chain.terminal.clusters[0].name, call)
    : decideRequest(matchers, at, chain.terminal, call)
}

type Place = Omit<Decision, 'reason'>

function decideRequest(
  matchers: Matchers,
  at: Place,
  manager: HttpConnectionManagerConfig,
  call: HypotheticalCall,
): Decision {
  const { config } = matchers
  const table = 'rds' in manager.routes ? config.routes.get(manager.routes.rds) : manager.routes
  if (table === undefined) return { ...at, status: 404, reason: 'no_route' }
  const authority = call.authority === '' ? formatHostPort(call.ip, call.port) : call.authority
  const decision = matchRoute(matchers.routes(table), {
    authority,
    method: 'GET',
    path: '/',
    scheme: 'http',
    header: (name) => (name === 'host' ? authority : undefined),
  })
  if (decision.kind !== 'route') return { ...at, status: 404, reason: decision.kind }
  const there = { ...at, virtualHost: decision.virtualHost.name, route: decision.route.name }
  return followRoute(config, there, decision.route, call)
}

function followRoute(config: ProxyConfig, at: Place, { name, action }: Route, call: HypotheticalCall): Decision {
  switch (action.kind) {
    case 'direct_response':
      return { ...at, status: action.status, reason: name === BLOCK_ALL_ROUTE ? 'block_all' : 'direct_response' }
    case 'redirect':
      return { ...at, verdict: 'allow', status: action.status, reason: 'redirect' }
    case 'route':
      return toCluster(config, at, action.clusters[0].name, call)
  }
}

function toCluster(config: ProxyConfig, at: Place, name: string, { ip, port }: HypotheticalCall): Decision {
  const there = { ...at, cluster: name }
  const cluster = config.clusters.get(name)
  const isHttp = at.route !== undefined
  if (name === BLACK_HOLE_CLUSTER) return { ...there, reason: 'black_hole' }
  if (cluster === undefined) return { ...there, status: isHttp ? 503 : undefined, reason: 'no_cluster' }
  if (cluster.type !== 'ORIGINAL_DST' && !cluster.endpoints.some((endpoint) => endpoint.healthy))
    return { ...there, status: isHttp ? 503 : undefined, reason: 'no_endpoint' }
  const reason = cluster.service === undefined ? 'passthrough' : 'routed'
  if (cluster.type !== 'ORIGINAL_DST') return { ...there, verdict: 'allow', reason }
  const refusalWith = (names: NameLookup): AddressRefusal | undefined => {
    const choice = new OriginalDstCluster(cluster, new Circuit(), names).pickHost({ address: ip, port })
    return choice.kind === 'refused' ? choice.reason : undefined
  }
  const refusal = refusalWith(ANSWERED)
  if (refusal !== undefined) return { ...there, status: isHttp ? 502 : undefined, reason: refusal }
  const isConditional = refusalWith(NO_NAMES) !== undefined && cluster.service !== undefined
  const condition = isConditional ? { ifAnsweredFor: cluster.service.host } : {}
  return { ...there, verdict: 'allow', reason, ...condition }
}

/** What DNS will have answered cannot be known beforehand: the application is taken to have asked. */
const ANSWERED: NameLookup = { hostOf: () => undefined, wasAnsweredFor: () => true }
