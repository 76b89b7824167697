import type { MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { ServiceEntry } from '#api/service-entry.ts'
import { Memo } from '#base/memo.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { type Rejection, refOf } from './rejection.ts'
import type { Endpoint, Service } from './service.ts'
import { parseServiceAddress } from './service-address.ts'
import { creationTime, servicesOfEntry, virtualIpNames } from './services-of-entry.ts'
import { allocateVirtualIps, type VirtualIps } from './virtual-ips.ts'

/** All services of a mesh at one moment, who may see them, and what could not be taken up. Immutable. */
export interface Mesh {
  readonly config: MeshConfig
  /** Oldest first; ties by host name, then namespace (spec 3.2). */
  readonly services: readonly Service[]
  readonly index: ServiceIndex
  /** Oldest first. */
  readonly sidecars: readonly Sidecar[]
  readonly servicesByEntry: ReadonlyMap<ServiceEntry, readonly Service[]>
  /** "NAMESPACE/HOST" → the entries that define that host there, oldest first: their endpoints are one pool. */
  readonly entriesByHost: ReadonlyMap<string, readonly ServiceEntry[]>
  /** What `endpointsOf` made, for this mesh and those before it. */
  readonly endpoints: Memo<readonly Endpoint[]>
  /** What no proxy gets, whatever its namespace. */
  readonly rejections: readonly Rejection[]
}

/** Services by who may see them; each list oldest first. */
export interface ServiceIndex {
  readonly everyone: readonly Service[]
  /** Exported to the namespace that they are in. */
  readonly ownByNamespace: ReadonlyMap<string, readonly Service[]>
  /** Exported to a namespace by another one. */
  readonly exportedToNamespace: ReadonlyMap<string, readonly Service[]>
  /** Namespaces whose proxies see something else than those of a namespace that nothing is said of. */
  readonly particular: ReadonlySet<string>
}

/** Builds the mesh of a configuration: pure, and linear in the number of services. */
export function buildMesh(input: ConfigInput): Mesh {
  return new MeshBuilder().build(input)
}

/**
 * Builds meshes one after the other. Service entries are immutable: what was made of one for the mesh before, its services and their endpoints, is
 * taken over as the same objects, so that a change costs what it changes.
 */
export class MeshBuilder {
  readonly #endpoints = new Memo<readonly Endpoint[]>()
  readonly #entries = new WeakMap<ServiceEntry, KnownEntry>()

  build({ meshConfig, serviceEntries, sidecars }: ConfigInput): Mesh {
    const known = this.#oldestFirst(serviceEntries)
    const written = new Set(known.flatMap(({ addresses }) => addresses))
    const virtualIps = allocateVirtualIps(
      known.flatMap(({ names }) => names),
      written,
    )
    const servicesByEntry = new Map<ServiceEntry, readonly Service[]>()
    const services: Service[] = []
    for (const one of known) {
      const made = servicesOf(one, meshConfig.defaultServiceExportTo, virtualIps)
      servicesByEntry.set(one.entry, made)
      for (const service of made) services.push(service)
    }
    services.sort(compareServices)
    return {
      config: meshConfig,
      services,
      index: indexServices(services),
      sidecars: [...sidecars].sort(bySidecarAge),
      servicesByEntry,
      entriesByHost: groupByHost(known),
      endpoints: this.#endpoints,
      rejections: known.flatMap((entry) => rejectionsOf(entry, virtualIps)),
    }
  }

  #oldestFirst(entries: readonly ServiceEntry[]): readonly KnownEntry[] {
    const known = entries.map((entry) => this.#known(entry))
    return known.sort((a, b) => a.createdAt - b.createdAt || compareText(a.key, b.key))
  }

  #known(entry: ServiceEntry): KnownEntry {
    const known = this.#entries.get(entry)
    if (known !== undefined) return known
    const namespace = entry.metadata.namespace ?? 'default'
    const made: KnownEntry = {
      entry,
      createdAt: creationTime(entry),
      key: `${entry.metadata.name}.${namespace}`,
      names: virtualIpNames(entry),
      hosts: entry.spec.hosts.map((host) => `${namespace}/${host}`),
      addresses: writtenAddresses(entry),
      made: undefined,
    }
    this.#entries.set(entry, made)
    return made
  }
}

/** The services of an entry: those of the last time, unless its hosts got other virtual IPs or the default of `exportTo` is another. */
function servicesOf(
  known: KnownEntry,
  defaultExportTo: readonly string[],
  virtualIps: ReadonlyMap<string, VirtualIps>,
): readonly Service[] {
  const { entry, names, made } = known
  const same =
    made !== undefined &&
    made.defaultExportTo === defaultExportTo &&
    names.every((name, index) => virtualIps.get(name) === made.ips[index])
  if (same) return made.services
  const services = servicesOfEntry(entry, defaultExportTo, virtualIps)
  known.made = { defaultExportTo, ips: names.map((name) => virtualIps.get(name)), services }
  return services
}

/** An entry and what depends on it alone. */
interface KnownEntry {
  readonly entry: ServiceEntry
  readonly createdAt: number
  /** Entries of one age are in the order of it. */
  readonly key: string
  /** "NAMESPACE/HOST" of the hosts that get an address of the mesh. */
  readonly names: readonly string[]
  /** The same of all hosts. */
  readonly hosts: readonly string[]
  /** Those that its writer gave it; no blocks. */
  readonly addresses: readonly string[]
  /** What was made of it last, and of what else. */
  made:
    | {
        readonly defaultExportTo: readonly string[]
        readonly ips: readonly (VirtualIps | undefined)[]
        readonly services: readonly Service[]
      }
    | undefined
}

function compareServices(a: Service, b: Service): number {
  return a.createdAt - b.createdAt || compareText(a.sortKey, b.sortKey)
}

function bySidecarAge({ metadata: a }: Sidecar, { metadata: b }: Sidecar): number {
  const age = (Date.parse(a.creationTimestamp ?? '') || 0) - (Date.parse(b.creationTimestamp ?? '') || 0)
  return age || compareText(a.name, b.name)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function writtenAddresses({ spec }: ServiceEntry): readonly string[] {
  return spec.addresses.flatMap((text) => {
    const address = parseServiceAddress(text)
    return address?.kind === 'ip' ? [address.address] : []
  })
}

function indexServices(services: readonly Service[]): ServiceIndex {
  const everyone: Service[] = []
  const ownByNamespace = new Map<string, Service[]>()
  const exportedToNamespace = new Map<string, Service[]>()
  for (const service of services) {
    if (service.visibility.kind === 'public') everyone.push(service)
    if (service.visibility.kind !== 'namespaces') continue
    for (const namespace of service.visibility.namespaces)
      append(namespace === service.namespace ? ownByNamespace : exportedToNamespace, namespace, service)
  }
  const particular = particularNamespaces(services, [...ownByNamespace.keys(), ...exportedToNamespace.keys()])
  return { everyone, ownByNamespace, exportedToNamespace, particular }
}

/** Those that services are exported to, those that define a host that another defines too, and those that short names of hosts belong to. */
function particularNamespaces(services: readonly Service[], exported: readonly string[]): ReadonlySet<string> {
  const particular = new Set(exported)
  const firstByHost = new Map<string, string>()
  for (const { host, namespace } of services) {
    const first = firstByHost.get(host)
    if (first === undefined) firstByHost.set(host, namespace)
    else if (first !== namespace) particular.add(first).add(namespace)
    if (host.includes('.svc.')) particular.add(host.split('.')[1] ?? '')
  }
  return particular
}

function groupByHost(entries: readonly KnownEntry[]): ReadonlyMap<string, readonly ServiceEntry[]> {
  const groups = new Map<string, ServiceEntry[]>()
  for (const { entry, hosts } of entries) for (const host of hosts) append(groups, host, entry)
  return groups
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function rejectionsOf({ entry, names }: KnownEntry, virtualIps: ReadonlyMap<string, VirtualIps>): readonly Rejection[] {
  const object = refOf(entry)
  const found: Rejection[] = []
  const reject = (code: Rejection['code'], path: string, message: string) =>
    found.push({ code, object, path, message, because: undefined })
  if (entry.spec.resolution === 'DYNAMIC_DNS')
    reject('unsupported-resolution', 'spec.resolution', 'resolution "DYNAMIC_DNS" is not supported: use NONE or DNS')
  if (entry.spec.workloadSelector !== undefined)
    reject('unsupported-selector', 'spec.workloadSelector', 'workloadSelector selects nothing: use spec.endpoints')
  for (const name of names)
    if (!virtualIps.has(name)) reject('no-virtual-ip', 'spec.hosts', `no virtual IP is left for host "${name}"`)
  return found
}
