import type { Cluster, Endpoint } from '#proxy/config/model.ts'
import { BaseCluster } from './base-cluster.ts'
import { Host } from './host.ts'
import { createHostSet, type HostSet, type Random } from './host-set.ts'
import type { Circuit, HostChoice } from './upstream-cluster.ts'

/**
 * STATIC and EDS: the endpoints are addresses. Only healthy ones are used, and of those the most preferred priority
 * (the lowest number) that has any.
 */
export class StaticCluster extends BaseCluster {
  private readonly hostSet: HostSet

  constructor(config: Cluster, circuit: Circuit, random: Random) {
    super(config, circuit)
    const hosts = preferredEndpoints(config.endpoints).map(
      (endpoint) => new Host(endpoint.address, endpoint.port, endpoint.address, endpoint.weight),
    )
    this.hostSet = createHostSet(hosts, config.lbPolicy, random)
  }

  override pickHost(): HostChoice {
    const host = this.hostSet.pick()
    if (host !== undefined) return { kind: 'host', host }
    const reason = this.config.endpoints.length === 0 ? 'it has no endpoints' : 'none of its endpoints is healthy'
    return { kind: 'none', reason }
  }
}

/** The healthy endpoints of the most preferred priority that has any. */
export function preferredEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const healthy = endpoints.filter((endpoint) => endpoint.healthy)
  const priority = Math.min(...healthy.map((endpoint) => endpoint.priority))
  return healthy.filter((endpoint) => endpoint.priority === priority)
}
