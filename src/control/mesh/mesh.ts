import type { MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { ServiceEntry } from '#api/service-entry.ts'
import { compareText } from '#base/compare-text.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { differenceOf } from './difference.ts'
import { compareAge, type HeldEntry, holdEntry, rejectionsOf, withServices } from './held-entry.ts'
import { type MeshShard, makeShard, NO_SHARDS, shardOf } from './mesh-shard.ts'
import type { Rejection } from './rejection.ts'
import { virtualIpHosts } from './services-of-entry.ts'
import { VirtualIpAllocation, type VirtualIps } from './virtual-ips.ts'

/** All services of a mesh at one moment, who may see them, and what could not be taken up. Immutable. */
export interface Mesh {
  readonly config: MeshConfig
  /** The services: those of one host are in one shard. One in which nothing changed is the same object as before. */
  readonly shards: readonly MeshShard[]
  /** Namespaces whose proxies see something else than those of a namespace that nothing is said of. */
  readonly particular: ReadonlySet<string>
  /** Oldest first. */
  readonly sidecars: readonly Sidecar[]
  /** What no proxy gets, whatever its namespace. */
  readonly rejections: readonly Rejection[]
}

/** Builds the mesh of a configuration: pure, and linear in the number of services. */
export function buildMesh(input: ConfigInput): Mesh {
  return new MeshBuilder().build(input)
}

/** Host → the virtual IPs that the mesh gives it, of the hosts of one entry that get any; none when the mesh does not hold the entry. */
export function virtualIpsOfEntry({ shards }: Mesh, entry: ServiceEntry): ReadonlyMap<string, VirtualIps> {
  const found = new Map<string, VirtualIps>()
  for (const host of virtualIpHosts(entry)) {
    const key = `${entry.metadata.namespace ?? 'default'}/${host}`
    const { services, entriesByHost } = shards[shardOf(host)] as MeshShard
    if (!entriesByHost.get(key)?.includes(entry)) continue
    const ips = services.find(({ hostKey, virtualIps }) => hostKey === key && virtualIps !== undefined)?.virtualIps
    if (ips !== undefined) found.set(host, ips)
  }
  return found
}

/** What the entries of a configuration became. */
interface Held {
  readonly serviceEntries: readonly ServiceEntry[]
  /** Oldest first. */
  readonly entries: readonly HeldEntry[]
  /** Those that define hosts of each shard, oldest first. */
  readonly members: readonly (readonly HeldEntry[])[]
  readonly shards: readonly MeshShard[]
}

const NOTHING: Held = { serviceEntries: [], entries: [], members: NO_SHARDS.map(() => []), shards: NO_SHARDS }

/**
 * Builds meshes one after the other, each as if it were the first: what entries became for the mesh before is taken over as the same objects unless
 * something that it is made of changed, so that a change costs what it changes. What is left to do for every entry is to look whether its virtual IPs are
 * still the same.
 */
export class MeshBuilder {
  #held = NOTHING

  build({ meshConfig, serviceEntries, sidecars }: ConfigInput): Mesh {
    const { gone, come } = differenceOf(this.#held.serviceEntries, serviceEntries)
    const [left, stayed] = partition(this.#held.entries, ({ entry }) => gone.has(entry))
    const arrived = [...come].map(holdEntry).sort(compareAge)
    const candidates = merged(stayed, arrived)
    const allocation = new VirtualIpAllocation(candidates.flatMap(({ taken }) => taken))
    const entries = candidates.map((one) => withServices(one, meshConfig.defaultServiceExportTo, allocation))
    const made = entries.filter((one, index) => one !== candidates[index])
    const replaced = candidates.filter((one, index) => one !== entries[index])
    this.#held = { serviceEntries, entries, ...membersAndShards(this.#held, [...left, ...replaced], made) }
    const { shards } = this.#held
    return {
      config: meshConfig,
      shards,
      particular: new Set(shards.flatMap(({ particular }) => [...particular])),
      sidecars: [...sidecars].sort(bySidecarAge),
      rejections: entries.flatMap(rejectionsOf),
    }
  }
}

/** Makes the shards anew in which an entry came or went. */
function membersAndShards(
  before: Held,
  left: readonly HeldEntry[],
  arrived: readonly HeldEntry[],
): Pick<Held, 'members' | 'shards'> {
  const members = [...before.members]
  const shards = [...before.shards]
  const [leaving, arriving] = [byShard(left), byShard(arrived)]
  for (const index of new Set([...leaving.keys(), ...arriving.keys()])) {
    const gone = new Set(leaving.get(index))
    const stayed = (members[index] ?? []).filter((one) => !gone.has(one))
    const here = [...stayed, ...(arriving.get(index) ?? [])].sort(compareAge)
    members[index] = here
    shards[index] = makeShard(index, here)
  }
  return { members, shards }
}

function byShard(entries: readonly HeldEntry[]): ReadonlyMap<number, readonly HeldEntry[]> {
  const groups = new Map<number, HeldEntry[]>()
  for (const one of entries)
    for (const index of new Set(one.entry.spec.hosts.map(shardOf))) {
      const group = groups.get(index)
      if (group === undefined) groups.set(index, [one])
      else group.push(one)
    }
  return groups
}

/** Two lists in order of age as one. */
function merged(a: readonly HeldEntry[], b: readonly HeldEntry[]): readonly HeldEntry[] {
  const all: HeldEntry[] = []
  let next = 0
  for (const one of b) {
    for (let older = a[next]; older !== undefined && compareAge(older, one) <= 0; older = a[++next]) all.push(older)
    all.push(one)
  }
  for (; next < a.length; next++) all.push(a[next] as HeldEntry)
  return all
}

function partition<Item>(items: readonly Item[], is: (item: Item) => boolean): readonly [Item[], Item[]] {
  const [those, others]: [Item[], Item[]] = [[], []]
  for (const item of items) (is(item) ? those : others).push(item)
  return [those, others]
}

function bySidecarAge({ metadata: a }: Sidecar, { metadata: b }: Sidecar): number {
  const age = (Date.parse(a.creationTimestamp ?? '') || 0) - (Date.parse(b.creationTimestamp ?? '') || 0)
  return age || compareText(a.name, b.name)
}
