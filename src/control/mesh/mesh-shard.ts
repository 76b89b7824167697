import type { ServiceEntry } from '#api/service-entry.ts'
import { compareText } from '#base/compare-text.ts'
import { fnv1a } from '#base/fnv1a.ts'
import type { Service } from './service.ts'

/**
 * The part of a mesh that is about the hosts of one hash. What becomes of a host depends on the services of that host and on no others, but for the
 * listeners and route tables that hosts share: so what is made of a shard is made again when something in that shard changed, and only then. Immutable.
 */
export interface MeshShard {
  /** Oldest first; ties by host name, then namespace (spec 3.2). */
  readonly services: readonly Service[]
  /** "NAMESPACE/HOST" → the entries that define that host there, oldest first: their endpoints are one pool. */
  readonly entriesByHost: ReadonlyMap<string, readonly ServiceEntry[]>
  /** Namespaces whose proxies see something else here than those of a namespace that nothing is said of. */
  readonly particular: ReadonlySet<string>
}

/** An entry and what it defines, of which a shard takes what is its own. */
export interface ShardMember {
  readonly entry: ServiceEntry
  readonly namespace: string
  readonly services: readonly Service[]
}

export const SHARDS = 256

/** The shard of a host, always the same. */
export function shardOf(host: string): number {
  return fnv1a(host) % SHARDS
}

/** @param members oldest first */
export function makeShard(index: number, members: readonly ShardMember[]): MeshShard {
  const isHere = (host: string) => shardOf(host) === index
  const services = members.flatMap((member) => member.services.filter(({ host }) => isHere(host)))
  const entriesByHost = new Map<string, ServiceEntry[]>()
  for (const { entry, namespace } of members)
    for (const host of entry.spec.hosts.filter(isHere)) {
      const key = `${namespace}/${host}`
      const list = entriesByHost.get(key)
      if (list === undefined) entriesByHost.set(key, [entry])
      else list.push(entry)
    }
  return { services: services.sort(compareServices), entriesByHost, particular: particularNamespaces(services) }
}

export const NO_SHARDS: readonly MeshShard[] = Array.from({ length: SHARDS }, (_, index) => makeShard(index, []))

export function compareServices(a: Service, b: Service): number {
  return a.createdAt - b.createdAt || compareText(a.sortKey, b.sortKey)
}

/** Those that services are exported to, those that define a host that another defines too, and those that short names of hosts belong to. */
function particularNamespaces(services: readonly Service[]): ReadonlySet<string> {
  const particular = new Set<string>()
  const firstByHost = new Map<string, string>()
  for (const { host, namespace, visibility } of services) {
    if (visibility.kind === 'namespaces') for (const one of visibility.namespaces) particular.add(one)
    const first = firstByHost.get(host)
    if (first === undefined) firstByHost.set(host, namespace)
    else if (first !== namespace) particular.add(first).add(namespace)
    if (host.includes('.svc.')) particular.add(host.split('.')[1] ?? '')
  }
  return particular
}
