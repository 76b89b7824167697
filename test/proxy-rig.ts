import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { SocketAddress } from '#base/socket-address.ts'
import type { Resolution, Resolver } from '#proxy/cluster/resolver.ts'
import type { Cluster, ProxyConfig, TcpProxyConfig } from '#proxy/config/model.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { NO_NAMES } from '#proxy/dns/name-lookup.ts'
import type { Denier } from '#proxy/network-filters/terminal.ts'
import { EgressProxy, type ProxyOptions } from '#proxy/proxy.ts'
import { beginDial, closeOf, dialLoopback } from './loopback.ts'
import { clusterOf, endpointOf, listenerOf, proxyConfigOf, tcpChainOf } from './proxy-config.ts'

/** A configuration whose virtualOutbound leads all to one cluster. */
export function leadingTo(cluster: Cluster, fields: Partial<TcpProxyConfig> = {}): ProxyConfig {
  const chain = tcpChainOf('catchall', cluster.name)
  const terminal = { ...(chain.terminal as TcpProxyConfig), ...fields }
  const listener = listenerOf('virtualOutbound', '0.0.0.0', 15_001, {
    useOriginalDst: true,
    defaultFilterChain: { ...chain, terminal },
  })
  return proxyConfigOf([listener], [cluster])
}

/** A cluster of one endpoint on 127.0.0.1. */
export function staticCluster(port: number, fields: Partial<Cluster> = {}): Cluster {
  return clusterOf('outbound|3306||db', { endpoints: [endpointOf('127.0.0.1', port)], ...fields })
}

/** Knows the names it is told. */
class NamesResolver implements Resolver {
  readonly ips = new Map<string, readonly string[]>()

  resolve(name: string, family: 4 | 6): Promise<Resolution> {
    const ips = family === 4 ? (this.ips.get(name) ?? []) : []
    return Promise.resolve({ addresses: ips.map((ip) => ({ ip, ttlSeconds: 1 })) })
  }
}

/** Resets whatever it is given, and logs it. */
const RESETTING_DENIER: Denier = {
  takeOver(connection, { log }) {
    connection.setReader({ onBytes: () => false, onEnd() {}, onDrain() {}, onClose: () => log?.(connection.info) })
    connection.destroy(true)
  },
}

/** A proxy on 127.0.0.1 whose clients all seem to have dialled `destination`. */
export class ProxyRig {
  readonly proxy: EgressProxy
  readonly resolver = new NamesResolver()
  /** One entry per access log line, in order. */
  readonly logged: StreamInfo[] = []
  destination = new SocketAddress('192.0.2.1', 443)
  port = 0
  private readonly t: TestContext
  private readonly waiting: (() => void)[] = []

  private constructor(t: TestContext, options: Partial<ProxyOptions>) {
    this.t = t
    this.proxy = new EgressProxy({
      resolver: this.resolver,
      names: NO_NAMES,
      denier: RESETTING_DENIER,
      createHttpConnectionManager: () => {
        throw new Error('this test has no HTTP connection manager')
      },
      accessLogger: (logs) => (info) => {
        if (logs.length === 0) return
        this.logged.push(info)
        for (const wake of this.waiting.splice(0)) wake()
      },
      originalDestination: () => this.destination,
      ...options,
    })
  }

  static async start(t: TestContext, options: Partial<ProxyOptions> = {}): Promise<ProxyRig> {
    const rig = new ProxyRig(t, options)
    const server = createServer().listen(0, '127.0.0.1', 1024)
    await once(server, 'listening')
    rig.port = (server.address() as AddressInfo).port
    rig.proxy.listen(server)
    t.after(() => rig.proxy.close())
    return rig
  }

  dial(): Promise<Socket> {
    return dialLoopback(this.t, this.port)
  }

  /** Dials, and says how the connection came to its close. */
  dialToClose(): Promise<string> {
    return closeOf(beginDial(this.t, this.port))
  }

  /** Settles when there are `count` access log lines. */
  async untilLogged(count: number): Promise<void> {
    while (this.logged.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }
}
