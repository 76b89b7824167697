/**
 * Postern's proxy alone, behind plain sockets: `node bench/postern-proxy.ts LOG (LISTEN UPSTREAM){3}`, in the order of echo, source and web.
 * A sidecar asks the kernel where each connection was going; here the listening port tells.
 */
import { createServer } from 'node:net'
import { DEFAULT_TEXT_FORMAT } from '#control/translate/access-log.ts'
import { AccessLogs } from '#proxy/access-log/access-logs.ts'
import { SystemResolver } from '#proxy/cluster/system-resolver.ts'
import type { AccessLogConfig, FilterChain, RouteTable } from '#proxy/config/model.ts'
import { NO_NAMES } from '#proxy/dns/name-lookup.ts'
import { createHttpFactory } from '#proxy/http/connection-manager.ts'
import { EgressProxy } from '#proxy/proxy.ts'
import { clusterOf, endpointOf, listenerOf, proxyConfigOf, tcpChainOf } from '#test/proxy-config.ts'

const HOST = '127.0.0.1'
const HOUR_MS = 3_600_000
const [logFile = '/dev/null', ...numbers] = process.argv.slice(2)
const [echo = 0, echoTo = 0, source = 0, sourceTo = 0, web = 0, webTo = 0] = numbers.map(Number)

const accessLog: readonly AccessLogConfig[] = [
  { path: logFile, format: { kind: 'text', template: DEFAULT_TEXT_FORMAT }, onlyFlags: [] },
]

function tcpChain(cluster: string): FilterChain {
  const chain = tcpChainOf(cluster, cluster)
  return { ...chain, terminal: { ...chain.terminal, accessLog } }
}

const routes: RouteTable = {
  name: 'web',
  ignorePortInHostMatching: true,
  virtualHosts: [
    {
      name: 'web',
      domains: ['*'],
      includeAttemptCount: false,
      routes: [
        {
          name: 'default',
          match: { path: { kind: 'prefix', value: '/' }, caseSensitive: true, headers: [] },
          action: {
            kind: 'route',
            clusters: [{ name: 'web', weight: 1 }],
            timeoutMs: 0,
            retry: undefined,
            prefixRewrite: undefined,
            hostRewrite: undefined,
          },
        },
      ],
    },
  ],
}

const webChain: FilterChain = {
  ...tcpChain('web'),
  terminal: {
    kind: 'http_connection_manager',
    statPrefix: 'web',
    routes,
    streamIdleTimeoutMs: 0,
    idleTimeoutMs: HOUR_MS,
    allowWebsocket: true,
    normalizePath: true,
    useRemoteAddress: false,
    generateRequestId: true,
    accessLog,
  },
}

function unexpected(): never {
  throw new Error('nothing is denied in a benchmark')
}

const logs = new AccessLogs({ hostname: 'bench', environment: {}, onFault: (fault) => console.error(fault.message) })
const proxy = new EgressProxy({
  resolver: new SystemResolver(),
  names: NO_NAMES,
  denier: { takeOver: unexpected },
  createHttpConnectionManager: createHttpFactory({ http: unexpected }),
  accessLogger: (configs) => logs.logger(configs),
  originalDestination: () => undefined,
})
proxy.applyConfig(
  proxyConfigOf(
    [
      listenerOf('echo', HOST, echo, { filterChains: [tcpChain('echo')] }),
      listenerOf('source', HOST, source, { filterChains: [tcpChain('source')] }),
      listenerOf('web', HOST, web, { filterChains: [webChain] }),
    ],
    [
      clusterOf('echo', { endpoints: [endpointOf(HOST, echoTo)] }),
      clusterOf('source', { endpoints: [endpointOf(HOST, sourceTo)] }),
      clusterOf('web', { endpoints: [endpointOf(HOST, webTo)] }),
    ],
  ),
)
for (const port of [echo, source, web]) {
  const server = createServer()
  server.listen(port, HOST, () => proxy.listen(server))
}
