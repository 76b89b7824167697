import type { Cluster } from '#proxy/config/model.ts'
import type { Host } from './host.ts'

/** A number in [0, 1). */
export type Random = () => number

/** Chooses among hosts that are all healthy and of one priority, by one load balancing policy. */
export interface HostSet {
  readonly hosts: readonly Host[]
  /** Undefined only when there are no hosts. */
  pick(): Host | undefined
}

/** Builds the set for a cluster's policy; CLUSTER_PROVIDED has no hosts of its own and counts as ROUND_ROBIN. */
export function createHostSet(hosts: readonly Host[], policy: Cluster['lbPolicy'], random: Random): HostSet {
  switch (policy) {
    case 'LEAST_REQUEST':
      return new LeastRequest(hosts, random)
    case 'RANDOM':
      return new WeightedRandom(hosts, random)
    case 'ROUND_ROBIN':
    case 'CLUSTER_PROVIDED':
      return new RoundRobin(hosts)
  }
}

/** Smooth weighted round robin: each host comes up in proportion to its weight, spread as evenly as possible. */
class RoundRobin implements HostSet {
  readonly hosts: readonly Host[]
  private readonly credits: number[]
  private readonly totalWeight: number

  constructor(hosts: readonly Host[]) {
    this.hosts = hosts
    this.credits = hosts.map(() => 0)
    this.totalWeight = sumWeights(hosts)
  }

  pick(): Host | undefined {
    const { hosts, credits } = this
    let best = 0
    for (let i = 0; i < hosts.length; i++) {
      credits[i] = (credits[i] as number) + (hosts[i] as Host).weight
      if ((credits[i] as number) > (credits[best] as number)) best = i
    }
    if (hosts.length > 0) credits[best] = (credits[best] as number) - this.totalWeight
    return hosts[best]
  }
}

/** Each host in proportion to its weight, independently of the picks before. */
class WeightedRandom implements HostSet {
  readonly hosts: readonly Host[]
  private readonly random: Random
  private readonly totalWeight: number

  constructor(hosts: readonly Host[], random: Random) {
    this.hosts = hosts
    this.random = random
    this.totalWeight = sumWeights(hosts)
  }

  pick(): Host | undefined {
    let rest = this.random() * this.totalWeight
    for (const host of this.hosts) {
      rest -= host.weight
      if (rest < 0) return host
    }
    return this.hosts.at(-1)
  }
}

/** Power of two choices: of two hosts drawn by weight, the one with less under way for its weight. */
class LeastRequest implements HostSet {
  readonly hosts: readonly Host[]
  private readonly draw: WeightedRandom

  constructor(hosts: readonly Host[], random: Random) {
    this.hosts = hosts
    this.draw = new WeightedRandom(hosts, random)
  }

  pick(): Host | undefined {
    if (this.hosts.length < 2) return this.hosts[0]
    const first = this.draw.pick() as Host
    const second = this.draw.pick() as Host
    return second.active / second.weight < first.active / first.weight ? second : first
  }
}

function sumWeights(hosts: readonly Host[]): number {
  let total = 0
  for (const host of hosts) total += host.weight
  return total
}
