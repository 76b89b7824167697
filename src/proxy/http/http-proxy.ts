import type { AccessLogger } from '#proxy/access-log/access-logger.ts'
import type { HttpConnectionManagerConfig, RouteTable } from '#proxy/config/model.ts'
import type { FilterEnv } from '#proxy/network-filters/terminal.ts'
import type { HttpDenier } from './http-denier.ts'
import type { Pools } from './pools.ts'
import { type CompiledRouteTable, compileRouteTable } from './routing/route-table.ts'

/** A downstream connection that can be asked to come to an end. */
export interface Drainable {
  /** Closes what idles; what is under way is finished first. */
  drain(): void
}

/** What all HTTP connections of one proxy share. */
export interface HttpEnv {
  readonly filter: FilterEnv
  readonly denier: HttpDenier
  readonly pools: Pools
  readonly routes: RouteTables
  readonly clock: DateClock
  /** Downstream connections that are open. */
  readonly open: Set<Drainable>
}

/** One connection manager's part. */
export interface ManagerEnv {
  readonly http: HttpEnv
  readonly config: HttpConnectionManagerConfig
  readonly accessLog: AccessLogger
}

/** Compiled route tables: each is compiled once, when it is first asked for or announced, and forgotten with its configuration. */
export class RouteTables {
  readonly #compiled = new WeakMap<RouteTable, CompiledRouteTable>()

  compiled(table: RouteTable): CompiledRouteTable {
    let compiled = this.#compiled.get(table)
    if (compiled === undefined) {
      compiled = compileOrRefuse(table)
      this.#compiled.set(table, compiled)
    }
    return compiled
  }
}

/** proxy/config lets no table pass that does not compile; should one slip through, it routes nothing: no traffic is better than wrong traffic. */
function compileOrRefuse(table: RouteTable): CompiledRouteTable {
  try {
    return compileRouteTable(table)
  } catch {
    return compileRouteTable({ ...table, virtualHosts: [] })
  }
}

/** The value of `date` fields: made once a second. */
export class DateClock {
  #second = 0
  #text = ''

  text(nowMs: number): string {
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(nowMs).toUTCString()
    }
    return this.#text
  }
}
