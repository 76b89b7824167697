import { isDeepStrictEqual } from 'node:util'
import type { TimerWheel } from '#base/timer-wheel.ts'
import type { Cluster } from '#proxy/config/model.ts'
import type { NameLookup } from '#proxy/dns/name-lookup.ts'
import type { BaseCluster } from './base-cluster.ts'
import { DnsCache } from './dns-cache.ts'
import { DnsCluster } from './dns-cluster.ts'
import type { Random } from './host-set.ts'
import { OriginalDstCluster } from './original-dst-cluster.ts'
import type { Resolver } from './resolver.ts'
import { StaticCluster } from './static-cluster.ts'
import { Circuit, type UpstreamCluster } from './upstream-cluster.ts'

/** The running clusters of one proxy, by name. */
export class Clusters {
  private readonly dnsCache: DnsCache
  private readonly random: Random
  private readonly names: NameLookup
  private byName = new Map<string, BaseCluster>()

  /** @param names which addresses the application was told for which names */
  constructor(resolver: Resolver, wheel: TimerWheel, names: NameLookup, random: Random = Math.random) {
    this.names = names
    this.dnsCache = new DnsCache(resolver, wheel)
    this.random = random
  }

  get(name: string): UpstreamCluster | undefined {
    return this.byName.get(name)
  }

  /** Takes a whole new set: unchanged clusters stay as they are, changed ones keep their circuit, the others are retired. */
  apply(configs: ReadonlyMap<string, Cluster>): void {
    const old = this.byName
    const next = new Map<string, BaseCluster>()
    for (const [name, config] of configs) {
      const before = old.get(name)
      const same = before !== undefined && (before.config === config || isDeepStrictEqual(before.config, config))
      next.set(name, same ? before : this.create(config, before?.circuit ?? new Circuit()))
    }
    this.byName = next
    for (const [name, cluster] of old) if (next.get(name) !== cluster) cluster.retire()
  }

  /** Retires all. */
  close(): void {
    this.apply(new Map())
  }

  private create(config: Cluster, circuit: Circuit): BaseCluster {
    switch (config.type) {
      case 'ORIGINAL_DST':
        return new OriginalDstCluster(config, circuit, this.names)
      case 'STATIC':
      case 'EDS':
        return new StaticCluster(config, circuit, this.random)
      case 'STRICT_DNS':
      case 'LOGICAL_DNS':
        return new DnsCluster(config, circuit, this.dnsCache, this.random)
    }
  }
}
