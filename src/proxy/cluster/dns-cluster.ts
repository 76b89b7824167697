import type { Cluster, Endpoint } from '#proxy/config/model.ts'
import { BaseCluster } from './base-cluster.ts'
import type { DnsAnswer, DnsCache } from './dns-cache.ts'
import { Host } from './host.ts'
import { createHostSet, type HostSet, type Random } from './host-set.ts'
import { specialAddressOf } from './special-address.ts'
import { preferredEndpoints } from './static-cluster.ts'
import type { Circuit, HostChoice } from './upstream-cluster.ts'

const NO_IPS: readonly string[] = []

/**
 * STRICT_DNS: every address of every endpoint's name is a host. LOGICAL_DNS: the first address of the newest answer is the host.
 * An answer that changes makes new hosts for new connections and touches none that is established.
 */
export class DnsCluster extends BaseCluster {
  private readonly cache: DnsCache
  private readonly random: Random
  private readonly endpoints: readonly Endpoint[]
  /** The answers that `hostSet` was built from, one per endpoint. */
  private readonly builtFrom: (readonly string[])[]
  private hostSet: HostSet
  /** A name was answered with an address that means this machine: whoever serves the name must not open it. */
  private leftOut = false

  constructor(config: Cluster, circuit: Circuit, cache: DnsCache, random: Random) {
    super(config, circuit)
    this.cache = cache
    this.random = random
    this.endpoints = preferredEndpoints(config.endpoints)
    this.builtFrom = this.endpoints.map(() => NO_IPS)
    this.hostSet = createHostSet([], config.lbPolicy, random)
  }

  override pickHost(): HostChoice {
    let unanswered: Exclude<DnsAnswer, { kind: 'known' }> | undefined
    let changed = false
    for (let i = 0; i < this.endpoints.length; i++) {
      const answer = this.cache.lookup((this.endpoints[i] as Endpoint).address, this.config.dns)
      if (answer.kind !== 'known' && unanswered?.kind !== 'pending') unanswered = answer
      const ips = answer.kind === 'known' ? answer.ips : NO_IPS
      if (ips === this.builtFrom[i]) continue
      this.builtFrom[i] = ips
      changed = true
    }
    if (changed) this.rebuild()
    const host = this.hostSet.pick()
    if (host !== undefined) return { kind: 'host', host }
    if (unanswered?.kind === 'pending') return { kind: 'pending' }
    if (this.leftOut) return { kind: 'refused', reason: 'local_address' }
    return { kind: 'none', reason: unanswered === undefined ? this.emptyReason() : unanswered.reason }
  }

  override whenResolved(callback: () => void): () => void {
    let waiting = true
    const cancels: (() => void)[] = []
    const cancel = () => {
      waiting = false
      for (const cancelOne of cancels) cancelOne()
    }
    const settled = () => {
      // Another endpoint of the cluster may still be on its way: only then go on waiting.
      if (!waiting || this.pickHost().kind === 'pending') return
      cancel()
      callback()
    }
    const { dns, connectTimeoutMs } = this.config
    const pending = this.endpoints.filter(({ address }) => this.cache.lookup(address, dns).kind === 'pending')
    if (pending.length === 0) return super.whenResolved(callback)
    for (const { address } of pending) {
      cancels.push(this.cache.whenSettled(address, dns, connectTimeoutMs, settled))
    }
    return cancel
  }

  /** Hosts that are still there keep their objects, and so their count of what is under way. */
  private rebuild(): void {
    const old = new Map(this.hostSet.hosts.map((host) => [host.text, host]))
    const hosts = new Map<string, Host>()
    this.leftOut = false
    for (const [i, { address, port, weight }] of this.endpoints.entries()) {
      const ips = this.builtFrom[i] ?? NO_IPS
      for (const ip of this.config.type === 'LOGICAL_DNS' ? ips.slice(0, 1) : ips) {
        // An address that the configuration itself names is meant.
        if (ip !== address && specialAddressOf(ip) !== undefined) {
          this.leftOut = true
          continue
        }
        const host = new Host(ip, port, address, weight)
        if (!hosts.has(host.text)) hosts.set(host.text, old.get(host.text) ?? host)
      }
    }
    this.hostSet = createHostSet([...hosts.values()], this.config.lbPolicy, this.random)
  }

  private emptyReason(): string {
    const names = this.endpoints.map((endpoint) => `"${endpoint.address}"`).join(', ')
    return names === '' ? 'it has no endpoints' : `no address is known for ${names}`
  }
}
