import type { HttpConnectionManagerConfig } from '#proxy/config/model.ts'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import type { FilterEnv, HttpConnectionManagerFactory, TerminalFilter } from '#proxy/network-filters/terminal.ts'
import { DownstreamHttp1 } from './downstream-http1.ts'
import type { HttpDenier } from './http-denier.ts'
import { DateClock, type Drainable, type HttpEnv, type ManagerEnv, RouteTables } from './http-proxy.ts'
import { Http1Pool } from './http1-pool.ts'
import { serveHttp2 } from './http2/downstream-http2.ts'
import { Http2Pool } from './http2/http2-pool.ts'
import { Pools } from './pools.ts'

/** Serves the connections of one filter chain as HTTP. */
export class HttpConnectionManager implements TerminalFilter {
  readonly #env: ManagerEnv

  constructor(http: HttpEnv, config: HttpConnectionManagerConfig) {
    this.#env = { http, config, accessLog: http.filter.accessLogger(config.accessLog) }
    if (!('rds' in config.routes)) http.routes.compiled(config.routes)
  }

  accept(connection: Connection): void {
    new PrefaceReader(this.#env, connection)
  }
}

/** The factory that listeners are given. Pools, and what else connections share, are kept per FilterEnv, that is per proxy. */
export function createHttpFactory(denier: HttpDenier): HttpConnectionManagerFactory {
  const envs = new WeakMap<FilterEnv, HttpEnv>()
  return (config, filter) => {
    let http = envs.get(filter)
    if (http === undefined) {
      http = createHttpEnv(filter, denier)
      envs.set(filter, http)
    }
    return new HttpConnectionManager(http, config)
  }
}

function createHttpEnv(filter: FilterEnv, denier: HttpDenier): HttpEnv {
  const pools = new Pools((protocol, cluster, host) => {
    const Pool = protocol === 'http2' ? Http2Pool : Http1Pool
    return new Pool(cluster, host, filter.connections)
  })
  const open = new Set<Drainable>()
  filter.onDraining(() => {
    for (const connection of [...open]) connection.drain()
  })
  return { filter, denier, pools, routes: new RouteTables(), clock: new DateClock(), open }
}

/** What an HTTP/2 client with prior knowledge says first; no HTTP/1 method begins so. */
const PREFACE = Buffer.from('PRI')

/** Looks at the first three bytes, and hands the connection to the codec that they call for. */
class PrefaceReader implements ConnectionReader {
  readonly #env: ManagerEnv
  readonly #connection: Connection
  #seen = Buffer.alloc(0)

  constructor(env: ManagerEnv, connection: Connection) {
    this.#env = env
    this.#connection = connection
    const { idleTimeoutMs } = env.config
    if (idleTimeoutMs > 0) connection.setIdleTimeout(idleTimeoutMs, () => connection.destroy())
    connection.setReader(this)
  }

  onBytes(chunk: Buffer): boolean {
    const bytes = this.#seen.length === 0 ? chunk : Buffer.concat([this.#seen, chunk])
    const length = Math.min(bytes.length, PREFACE.length)
    if (bytes.compare(PREFACE, 0, length, 0, length) === 0 && length < PREFACE.length) {
      this.#seen = Buffer.from(bytes)
      return true
    }
    this.#connection.unread(bytes)
    if (bytes.compare(PREFACE, 0, length, 0, length) === 0) serveHttp2(this.#env, this.#connection)
    else new DownstreamHttp1(this.#env, this.#connection)
    return true
  }

  onEnd(): void {
    this.#connection.destroy()
  }

  onClose(): void {}

  onDrain(): void {}
}
