import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { SocketAddress } from '#base/socket-address.ts'
import { Clusters } from '#proxy/cluster/clusters.ts'
import type { Resolver } from '#proxy/cluster/resolver.ts'
import type {
  Cluster,
  HttpConnectionManagerConfig,
  ProxyConfig,
  Route,
  RouteAction,
  RouteTable,
  VirtualHost,
} from '#proxy/config/model.ts'
import { SocketConnection } from '#proxy/connection/socket-connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { takeAccepted } from '#proxy/connection/tcp-handle.ts'
import { NO_NAMES } from '#proxy/dns/name-lookup.ts'
import { createHttpFactory } from '#proxy/http/connection-manager.ts'
import type { HttpDenier } from '#proxy/http/http-denier.ts'
import type { FilterEnv } from '#proxy/network-filters/terminal.ts'
import { connectionEnv } from './loopback.ts'
import { proxyConfigOf } from './proxy-config.ts'

/** A route for every path to one cluster, as Istio writes it. */
export function routeOf(cluster: string, action: Partial<RouteAction> = {}, name = 'default'): Route {
  return {
    name,
    match: { path: { kind: 'prefix', value: '/' }, caseSensitive: true, headers: [] },
    action: {
      kind: 'route',
      clusters: [{ name: cluster, weight: 1 }],
      timeoutMs: 0,
      retry: undefined,
      prefixRewrite: undefined,
      hostRewrite: undefined,
      ...action,
    },
  }
}

export const BLOCK_ALL: Route = {
  name: 'block_all',
  match: { path: { kind: 'prefix', value: '/' }, caseSensitive: true, headers: [] },
  action: { kind: 'direct_response', status: 502, body: '' },
}

/** Domains (separated by spaces) → routes. */
export function routeTableOf(hosts: Record<string, readonly Route[]>): RouteTable {
  const virtualHosts = Object.entries(hosts).map(
    ([domains, routes]): VirtualHost => ({
      name: domains,
      domains: domains.split(' '),
      routes,
      includeAttemptCount: true,
    }),
  )
  return { name: '80', ignorePortInHostMatching: true, virtualHosts }
}

/** What the proxy logged of one request. */
export interface LoggedRequest {
  readonly info: StreamInfo
  readonly request: (name: string) => string | undefined
  readonly response: (name: string) => string | undefined
}

export interface HttpProxyOnLoopback {
  readonly port: number
  readonly env: FilterEnv
  readonly logged: readonly LoggedRequest[]
  /** Settles when so many requests have been logged. */
  untilLogged(count: number): Promise<void>
  /** Turns draining on. */
  drain(): void
  /** A new configuration. */
  apply(config: ProxyConfig): void
}

export interface HttpProxyOptions {
  readonly clusters: readonly Cluster[]
  readonly routes: RouteTable
  readonly manager?: Partial<HttpConnectionManagerConfig>
  readonly originalDst?: { readonly address: string; readonly port: number }
}

export const NO_RESOLVER: Resolver = { resolve: () => Promise.reject(new Error('there is no resolver here')) }

/** Denies in few words. */
export const TEST_DENIER: HttpDenier = {
  http: ({ ip, port, authority }) => ({
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['x-postern-denied', 'no_service_entry'],
    ],
    body: `denied ${authority} (${ip}:${port})\n`,
    denial: { reason: 'no_service_entry' },
  }),
}

/** An HTTP connection manager that listens on a port of 127.0.0.1 and ends with the test. */
export async function httpProxyOnLoopback(t: TestContext, options: HttpProxyOptions): Promise<HttpProxyOnLoopback> {
  const connections = connectionEnv(t)
  const clusters = new Clusters(
    { resolve: () => Promise.reject(new Error('no resolver in this test')) },
    connections.wheel,
    NO_NAMES,
  )
  const logged: LoggedRequest[] = []
  const waiting: (() => void)[] = []
  let draining = false
  const drainers = new Set<() => void>()
  let config = proxyConfigOf([], options.clusters)
  clusters.apply(config.clusters)
  const env: FilterEnv = {
    connections,
    config: () => config,
    cluster: (name) => clusters.get(name),
    draining: () => draining,
    onDraining: (callback) => {
      drainers.add(callback)
      return () => drainers.delete(callback)
    },
    accessLogger: () => (info) => {
      logged.push({
        info,
        request: (name) => info.headers?.header(name),
        response: (name) => info.headers?.responseHeader(name),
      })
      for (const resolve of waiting.splice(0)) resolve()
    },
    denier: { takeOver: (connection) => connection.destroy(true) },
  }
  const filter = createHttpFactory(TEST_DENIER)(managerConfigOf(options.routes, options.manager), env)
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { address, port: localPort } = options.originalDst ?? { address: '127.0.0.1', port }
  const accepted: SocketConnection[] = []
  takeAccepted(server, (handle) => {
    const info = new StreamInfo(Date.now(), performance.now())
    info.downstreamLocal = new SocketAddress(address, localPort)
    info.downstreamRemote = new SocketAddress('127.0.0.1', 0)
    const connection = new SocketConnection(connections, info, handle)
    connection.socket.setNoDelay(true)
    accepted.push(connection)
    filter.accept(connection)
  })
  t.after(() => {
    server.close()
    for (const connection of accepted) connection.destroy()
    clusters.close()
  })
  return {
    port,
    env,
    logged,
    untilLogged: async (count) => {
      while (logged.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    drain: () => {
      draining = true
      for (const callback of drainers) callback()
    },
    apply: (next) => {
      config = next
      clusters.apply(next.clusters)
    },
  }
}

/** What Istio configures. */
export function managerConfigOf(
  routes: RouteTable,
  fields: Partial<HttpConnectionManagerConfig> = {},
): HttpConnectionManagerConfig {
  return {
    kind: 'http_connection_manager',
    statPrefix: 'outbound',
    routes,
    streamIdleTimeoutMs: 300_000,
    idleTimeoutMs: 3_600_000,
    allowWebsocket: true,
    normalizePath: true,
    useRemoteAddress: false,
    generateRequestId: true,
    accessLog: [],
    ...fields,
  }
}
