import type { Route, RouteAction, RouteMatch, RouteTable, VirtualHost, WeightedCluster } from '#proxy/config/model.ts'
import { DomainTable } from './domain-table.ts'
import { compileHeaderMatch, compileRegex, type HeaderTest } from './header-match.ts'
import type { RequestKey } from './request-key.ts'

/** A route table ready for use: made once when configuration arrives, asked for every request. */
export interface CompiledRouteTable {
  readonly table: RouteTable
  readonly virtualHostOf: (authority: string) => CompiledVirtualHost | undefined
}

interface CompiledVirtualHost {
  readonly virtualHost: VirtualHost
  readonly routes: readonly CompiledRoute[]
}

interface CompiledRoute {
  readonly route: Route
  /** `path` comes without its query. */
  readonly matchesPath: (path: string) => boolean
  readonly headers: readonly HeaderTest[]
}

/** Where a request goes: `virtualHost` without `route` means that the host is known and the path is not. */
export type RouteDecision =
  | { readonly kind: 'route'; readonly virtualHost: VirtualHost; readonly route: Route }
  | { readonly kind: 'no_route'; readonly virtualHost: VirtualHost }
  | { readonly kind: 'no_virtual_host' }

const NO_VIRTUAL_HOST: RouteDecision = { kind: 'no_virtual_host' }

/** Throws RE2JS's syntax error for a regular expression that is none: proxy/config refuses those before they come here. */
export function compileRouteTable(table: RouteTable): CompiledRouteTable {
  const compiled = table.virtualHosts.map(compileVirtualHost)
  const domains = compiled.flatMap((entry) => entry.virtualHost.domains.map((domain) => [domain, entry] as const))
  return { table, virtualHostOf: virtualHostFinder(new DomainTable(domains), table.ignorePortInHostMatching) }
}

/** Applications ask for the same host again and again: the last answer is kept. */
function virtualHostFinder(domains: DomainTable<CompiledVirtualHost>, ignorePort: boolean) {
  const find = (authority: string): CompiledVirtualHost | undefined => {
    const host = authority.toLowerCase()
    return domains.find(ignorePort ? withoutPort(host) : host)
  }
  let asked = ''
  let found = find(asked)
  return (authority: string): CompiledVirtualHost | undefined => {
    if (authority !== asked) {
      found = find(authority)
      asked = authority
    }
    return found
  }
}

function compileVirtualHost(virtualHost: VirtualHost): CompiledVirtualHost {
  return { virtualHost, routes: virtualHost.routes.map(compileRoute) }
}

function compileRoute(route: Route): CompiledRoute {
  return { route, matchesPath: compilePath(route.match), headers: route.match.headers.map(compileHeaderMatch) }
}

function compilePath({ path, caseSensitive }: RouteMatch): (path: string) => boolean {
  if (path.kind === 'regex') return compileRegex(path.value, caseSensitive)
  const wanted = caseSensitive ? path.value : path.value.toLowerCase()
  if (path.kind === 'prefix' && wanted === '/') return () => true
  const fold = caseSensitive ? (text: string) => text : (text: string) => text.toLowerCase()
  return path.kind === 'prefix' ? (asked) => fold(asked).startsWith(wanted) : (asked) => fold(asked) === wanted
}

/** Pure: the same answer for the same request, whether traffic or a question asks. */
export function matchRoute(compiled: CompiledRouteTable, request: RequestKey): RouteDecision {
  const entry = compiled.virtualHostOf(request.authority)
  if (entry === undefined) return NO_VIRTUAL_HOST
  const path = withoutQuery(request.path)
  for (const candidate of entry.routes) {
    if (candidate.matchesPath(path) && allPass(candidate.headers, request)) {
      return { kind: 'route', virtualHost: entry.virtualHost, route: candidate.route }
    }
  }
  return { kind: 'no_route', virtualHost: entry.virtualHost }
}

function allPass(tests: readonly HeaderTest[], request: RequestKey): boolean {
  return tests.length === 0 || tests.every((test) => test(request))
}

/** "[::1]:80" → "[::1]", "a.example:80" → "a.example". */
function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon === -1 || host.endsWith(']') ? host : host.slice(0, colon)
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  return query === -1 ? path : path.slice(0, query)
}

/** One of a route's clusters, by weight. @param random in [0, 1) */
export function pickCluster(action: RouteAction, random: number): WeightedCluster {
  const { clusters } = action
  if (clusters.length === 1) return clusters[0]
  let left = random * clusters.reduce((sum, cluster) => sum + cluster.weight, 0)
  for (const cluster of clusters) {
    left -= cluster.weight
    if (left < 0) return cluster
  }
  return clusters[0]
}
