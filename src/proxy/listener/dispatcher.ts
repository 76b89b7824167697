import type { FilterChain, Listener } from '#proxy/config/model.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import {
  type Inspected,
  Inspection,
  type InspectionObserver,
  NOTHING_FOUND,
} from '#proxy/listener-filters/inspection.ts'
import { TcpProxy } from '#proxy/network-filters/tcp-proxy.ts'
import type { FilterEnv, HttpConnectionManagerFactory, TerminalFilter } from '#proxy/network-filters/terminal.ts'
import type { ProxyStats } from '#proxy/stats/proxy-stats.ts'
import { type CompiledListener, matchFilterChain } from './filter-chain-match.ts'
import { ListenerTable } from './listener-table.ts'

/**
 * Leads each accepted connection to its filters under the configuration of the moment: listener by original destination,
 * inspectors, filter chain, terminal filter. Connections that are under way never look back here.
 */
export class Dispatcher {
  private readonly env: FilterEnv
  private readonly createHttp: HttpConnectionManagerFactory
  private readonly stats: ProxyStats
  private table = new ListenerTable(new Map())
  /** One filter per chain, made when the first connection comes; a chain that is gone takes its filter along. */
  private filters = new WeakMap<FilterChain, TerminalFilter>()

  constructor(env: FilterEnv, createHttp: HttpConnectionManagerFactory, stats: ProxyStats) {
    this.env = env
    this.createHttp = createHttp
    this.stats = stats
  }

  apply(listeners: ReadonlyMap<string, Listener>): void {
    this.table = new ListenerTable(listeners, this.table)
  }

  dispatch(connection: Connection): void {
    const { address, port } = connection.info.downstreamLocal
    const compiled = this.table.find(address, port)
    if (compiled === undefined) {
      this.refuse(connection, undefined)
      return
    }
    const { tls, http } = compiled.listener.inspectors
    if (!tls && !http) this.lead(connection, compiled, NOTHING_FOUND)
    else this.inspect(connection, compiled)
  }

  private inspect(connection: Connection, compiled: CompiledListener): void {
    const observer: InspectionObserver = {
      onInspected: (inspected) => this.lead(connection, compiled, inspected),
      onInspectionTimeout: () => {
        this.stats.inspectionTimeouts++
        connection.destroy()
      },
      onInspectionClose: () => {},
    }
    connection.setReader(new Inspection(connection, compiled.listener, this.env.connections.wheel, observer))
  }

  private lead(connection: Connection, compiled: CompiledListener, inspected: Inspected): void {
    const { info } = connection
    info.requestedServerName = inspected.serverName
    const chain = matchFilterChain(compiled, {
      dstIp: info.downstreamLocal.address,
      dstPort: info.downstreamLocal.port,
      ...inspected,
    })
    if (chain === undefined) this.refuse(connection, compiled.listener)
    else this.filterOf(chain).accept(connection)
  }

  /** No filter chain: flag NR, the listener's own access log. */
  private refuse(connection: Connection, listener: Listener | undefined): void {
    const { info } = connection
    this.stats.noFilterChainMatch++
    info.responseFlags.push('NR')
    info.responseCodeDetails = 'filter_chain_not_found'
    this.env.denier.takeOver(connection, { log: this.env.accessLogger(listener?.accessLog ?? []) })
  }

  private filterOf(chain: FilterChain): TerminalFilter {
    const known = this.filters.get(chain)
    if (known !== undefined) return known
    const { terminal, mongo } = chain
    const filter =
      terminal.kind === 'tcp_proxy'
        ? new TcpProxy(terminal, mongo, this.env, this.stats)
        : this.createHttp(terminal, this.env)
    this.filters.set(chain, filter)
    return filter
  }
}
