import type { AccessLogger } from '#proxy/access-log/access-logger.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import { plainName } from '#proxy/dns/domain-name.ts'
import type { NameLookup } from '#proxy/dns/name-lookup.ts'
import type { Denial, DescribeDenial } from './denial.ts'
import { compileDenialIndex, type DenialIndex } from './denial-index.ts'
import { DenialLedger, type LedgerEntry } from './denial-ledger.ts'
import { blamesNobody, explainDenial, type RefusedAddress, type RefusedCall, servicesOf } from './explain.ts'
import { hostOfAuthority } from './recognise.ts'
import { DENIED_HEADER } from './refusal-bytes.ts'
import { RefusedConnection } from './refused-connection.ts'
import { describeDenial } from './sentence.ts'

export interface DenierOptions {
  readonly workload: Denial['workload']
  /** Which name an address was asked for as. */
  readonly lookup: NameLookup
  /** Default: `describeDenial`. */
  readonly describe?: DescribeDenial
  /** Called for each refusal; `summary` counts them by destination. */
  readonly onDenied: (denial: Denial) => void
  /** How long a silent client is waited for; default 200 ms. */
  readonly silenceMs?: number
  /** How long a client that speaks, without ever being silent for `silenceMs`, may take to say who it is; default 2000 ms. */
  readonly patienceMs?: number
}

/** A request that no route allows. */
export interface RefusedRequest {
  readonly ip: string
  readonly port: number
  /** As in the request, a port included or not; "" when there was none. */
  readonly authority: string
  readonly isHttp2?: boolean
  /** "connect" for CONNECT; default "host". */
  readonly hostKnownBy?: 'host' | 'connect'
  /** When a route was found, and its cluster would not go to the address. */
  readonly refusal?: RefusedAddress
}

/** What to answer it. */
export interface HttpRefusal {
  readonly status: 502
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly denial: Denial
}

/** How many denials an application has had: every one, kept apart as far as memory allows. */
export interface DenialSummary {
  readonly entries: readonly LedgerEntry[]
  /** Refusals of further distinct destinations, counted only. */
  readonly overflow: number
}

/** Says no: in the words of whatever protocol the client speaks, with the reason, and on the record. Never sends a byte upstream. */
export class Denier {
  /** Bytes of clients that are not yet understood; its connections keep count. */
  heldBytes = 0
  readonly #options: DenierOptions
  readonly #describe: DescribeDenial
  readonly #ledger: DenialLedger
  #config: ProxyConfig | undefined
  /** Compiled at the first denial after a change: most configurations deny nothing before the next one comes. */
  #index: DenialIndex | undefined

  constructor(options: DenierOptions) {
    this.#options = options
    this.#describe = options.describe ?? describeDenial
    this.#ledger = new DenialLedger(options.onDenied)
  }

  applyConfig(config: ProxyConfig): void {
    this.#config = config
    this.#index = undefined
  }

  /**
   * Answers a connection that leads nowhere and closes it; whatever inspectors read must be back in it (`unread`).
   * Fills its StreamInfo (flag UH, BlackHoleCluster, reason, times, bytes); `log` is called when it has closed.
   */
  takeOver(
    connection: Connection,
    options: { readonly mongo?: boolean; readonly refusal?: RefusedAddress; readonly log?: AccessLogger } = {},
  ): void {
    const { silenceMs = 200, patienceMs = 2000 } = this.#options
    const refused = new RefusedConnection(this, connection, {
      index: this.#currentIndex(),
      silenceMs,
      patienceMs,
      refusal: options.refusal,
      log: options.log,
    })
    refused.start()
  }

  /** Records the refusal of a request, and says what to answer. */
  http(request: RefusedRequest): HttpRefusal {
    const { ip, port, authority, hostKnownBy = 'host', isHttp2 = false, refusal } = request
    const host = hostOfAuthority(authority)
    const denial = this.deny({
      ip,
      port,
      protocol: isHttp2 ? 'http2' : 'http',
      host,
      hostKnownBy,
      ...(refusal && { refusal }),
    })
    const headers = [
      ['content-type', 'text/plain; charset=utf-8'],
      [DENIED_HEADER, denial.reason],
    ] as const
    return { status: 502, headers, body: `${this.sentence(denial)}\n`, denial }
  }

  /** Records a datagram that was not carried (the kernel has refused it). */
  udp(ip: string, port: number): Denial {
    return this.deny({ ip, port, protocol: 'udp', host: undefined, hostKnownBy: undefined })
  }

  /**
   * Explains and records a call; the name that the application asked the DNS for stands in where the call itself names no host.
   * @param index of the configuration that refused it; default: the one in force
   */
  deny(call: RefusedCall, index = this.#currentIndex()): Denial {
    const named = call.host === undefined ? this.#named(call) : { ...call, host: plainName(call.host) }
    const explanation =
      index === undefined ? ({ reason: 'no_service_entry', nearest: undefined } as const) : explainDenial(index, named)
    const denial: Denial = {
      time: new Date().toISOString(),
      workload: this.#options.workload,
      destination: { ip: named.ip, port: named.port },
      host: named.host,
      hostKnownBy: named.hostKnownBy,
      protocol: named.protocol,
      reason: explanation.reason,
      nearest: explanation.nearest,
      configVersion: index?.version ?? '',
    }
    if (!blamesNobody(named.isSilent, denial.reason)) this.#ledger.record(denial)
    return denial
  }

  sentence(denial: Denial): string {
    return this.#describe(denial)
  }

  /** True when whoever dials this expects MySQL's greeting first: its own port, or a MySQL service of this host or port. */
  expectsMysql(ip: string, port: number): boolean {
    if (port === 3306) return true
    const index = this.#currentIndex()
    if (index === undefined) return false
    const host = this.#options.lookup.hostOf(ip)
    const near = [...(host === undefined ? [] : servicesOf(index, host)), ...(index.byPort.get(port) ?? [])]
    return near.some((service) => service.protocol === 'MYSQL')
  }

  summary(): DenialSummary {
    return { entries: this.#ledger.entries(), overflow: this.#ledger.overflow }
  }

  #named(call: RefusedCall): RefusedCall {
    const host = this.#options.lookup.hostOf(call.ip)
    return host === undefined ? { ...call, hostKnownBy: undefined } : { ...call, host, hostKnownBy: 'dns' }
  }

  #currentIndex(): DenialIndex | undefined {
    if (this.#index === undefined && this.#config !== undefined) this.#index = compileDenialIndex(this.#config)
    return this.#index
  }
}
