import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Fault } from '#base/fault.ts'
import type { CapsuleSockets } from '#capsule/capsule.ts'
import { AccessLogs } from '#proxy/access-log/access-logs.ts'
import { SystemResolver } from '#proxy/cluster/system-resolver.ts'
import { ConfigSubscriber } from '#proxy/config/config-subscriber.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import type { Denial } from '#proxy/denial/denial.ts'
import { type DenialSummary, Denier } from '#proxy/denial/denier.ts'
import { parseResolvConf } from '#proxy/dns/resolv-conf.ts'
import { DnsResponder } from '#proxy/dns/responder.ts'
import { UpstreamResolver } from '#proxy/dns/upstream-resolver.ts'
import { createHttpFactory } from '#proxy/http/connection-manager.ts'
import { kernelOriginalDestination } from '#proxy/listener/downstream.ts'
import { EgressProxy } from '#proxy/proxy.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'

export interface SidecarOptions {
  readonly workload: Denial['workload']
  /** Called for each denial. */
  readonly onDenied: (denial: Denial) => void
  readonly onNotice: (text: string) => void
}

/** How long requests under way may take to finish when the program has ended. */
const DRAIN_MS = 1_000

/** One workload's data path: proxy, DNS responder and denier under one configuration, which comes over xDS. */
export class Sidecar {
  readonly proxy: EgressProxy
  readonly dns: DnsResponder
  readonly denier: Denier
  /** Settles with the first configuration; rejects with a Fault `sidecar/configuration-refused` when that cannot be served. */
  readonly configured: Promise<void>
  configVersion = ''
  readonly #accessLogs: AccessLogs
  readonly #upstream: UpstreamResolver
  readonly #onNotice: (text: string) => void
  readonly #configuring = Promise.withResolvers<void>()
  #subscriber: ConfigSubscriber | undefined

  constructor({ workload, onDenied, onNotice }: SidecarOptions) {
    this.configured = this.#configuring.promise
    this.configured.catch(() => undefined)
    this.#onNotice = onNotice
    this.#accessLogs = new AccessLogs({ hostname: hostname(), onFault: (fault) => onNotice(fault.message) })
    this.#upstream = new UpstreamResolver({ nameservers: parseResolvConf(resolvConf()) })
    this.dns = new DnsResponder({ upstream: this.#upstream })
    this.denier = new Denier({ workload, lookup: this.dns.lookup, onDenied })
    this.proxy = new EgressProxy({
      resolver: new SystemResolver(),
      names: this.dns.lookup,
      denier: this.denier,
      createHttpConnectionManager: createHttpFactory(this.denier),
      accessLogger: (logs) => this.#accessLogs.logger(logs),
      originalDestination: kernelOriginalDestination(),
    })
  }

  /** Follows the control plane at this Unix socket from now on; what was received last stays in force when it goes. */
  subscribe(path: string, node: NodeIdentity): void {
    this.#subscriber = new ConfigSubscriber({
      address: { path },
      node,
      onConfig: (config) => this.#apply(config),
      onRefused: (errors) => this.#refuse(errors.join('; ')),
      onNotes: (notes) => this.#onNotice(notes.join('\n')),
    })
  }

  /** Serves what a program in a capsule opens. */
  attach(sockets: CapsuleSockets): void {
    for (const server of sockets.outbound) this.proxy.listen(server)
    for (const socket of sockets.dnsUdp) this.dns.serveUdp(socket)
    for (const server of sockets.dnsTcp) this.dns.serveTcp(server)
  }

  denials(): DenialSummary {
    return this.denier.summary()
  }

  /** Lets requests finish and writes the access logs out: the program has ended. */
  async drain(): Promise<void> {
    await this.proxy.drain(DRAIN_MS)
    await this.#accessLogs.close()
  }

  async close(): Promise<void> {
    this.#subscriber?.close()
    this.dns.close()
    this.#upstream.close()
    await this.proxy.close()
    await this.#accessLogs.close()
  }

  /** The first configuration has none before it: nothing can begin with it. */
  #refuse(why: string): void {
    if (this.configVersion !== '') this.#onNotice(`part of the configuration is refused and stays as it was: ${why}`)
    const mend = 'it is valid, and asks for something that this sidecar cannot do: take out what is named'
    this.#configuring.reject(
      new Fault('sidecar/configuration-refused', `the configuration cannot be served: ${why}`, { mend }),
    )
  }

  #apply(config: ProxyConfig): void {
    // Names before listeners: an address is given out only for what is then served.
    this.denier.applyConfig(config)
    this.proxy.applyConfig(config)
    this.dns.applyConfig(config)
    this.configVersion = config.version
    this.#configuring.resolve()
  }
}

/** The host's, as the sidecar runs outside of the capsule; none: its resolvers are taken to be on this machine. */
function resolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8')
  } catch {
    return ''
  }
}
