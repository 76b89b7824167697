import type { ServiceEntry } from '#api/service-entry.ts'
import { compareText } from '#base/compare-text.ts'
import { type Rejection, type RejectionCode, refOf } from './rejection.ts'
import type { Service } from './service.ts'
import { parseServiceAddress } from './service-address.ts'
import { creationTime, servicesOfEntry, virtualIpHosts } from './services-of-entry.ts'
import { slotOf, type VirtualIpAllocation, type VirtualIpName, type VirtualIps, virtualIpName } from './virtual-ips.ts'

/** An entry as the mesh holds it: what depends on it alone, and its services. Immutable: other services make another one. */
export interface HeldEntry {
  readonly entry: ServiceEntry
  readonly namespace: string
  readonly createdAt: number
  /** Entries of one age are in the order of it. */
  readonly key: string
  /** Of the hosts that get virtual IPs. */
  readonly names: readonly VirtualIpName[]
  /** Slots of virtual IPs that its writer gave it as addresses. */
  readonly taken: readonly number[]
  /** Of what it asks for, what no mesh gives. */
  readonly faults: readonly Rejection[]
  /** What the services are made of beside the entry: the addresses of `names`, and who sees services that do not say it. */
  readonly ips: readonly (VirtualIps | undefined)[]
  readonly defaultExportTo: readonly string[] | undefined
  readonly services: readonly Service[]
}

/** Without services yet: `withServices` makes them. */
export function holdEntry(entry: ServiceEntry): HeldEntry {
  const namespace = entry.metadata.namespace ?? 'default'
  return {
    entry,
    namespace,
    createdAt: creationTime(entry),
    key: `${entry.metadata.name}.${namespace}`,
    names: virtualIpHosts(entry).map((host) => virtualIpName(`${namespace}/${host}`)),
    taken: entry.spec.addresses.flatMap(takenSlot),
    faults: faultsOf(entry),
    ips: [],
    defaultExportTo: undefined,
    services: [],
  }
}

/** The entry with the services that it has now; the same object when they are the same. Older entries must have been here before. */
export function withServices(
  held: HeldEntry,
  defaultExportTo: readonly string[],
  allocation: VirtualIpAllocation,
): HeldEntry {
  const { names } = held
  let same = held.defaultExportTo === defaultExportTo
  for (let index = 0; index < names.length; index++)
    if (allocation.give(names[index] as VirtualIpName) !== held.ips[index]) same = false
  if (same) return held
  const ips = names.map((name) => allocation.give(name))
  const ipsByName = new Map(names.map(({ text }, index) => [text, ips[index]]))
  return { ...held, ips, defaultExportTo, services: servicesOfEntry(held.entry, defaultExportTo, ipsByName) }
}

/** Oldest first. Of two that are as old and named alike, as a converted egress rule and a service entry may be, what they say decides. */
export function compareAge(a: HeldEntry, b: HeldEntry): number {
  const order = a.createdAt - b.createdAt || compareText(a.key, b.key)
  return order || (a === b ? 0 : compareText(JSON.stringify(a.entry), JSON.stringify(b.entry)))
}

/** What of an entry has no effect, whoever looks at it. */
export function rejectionsOf({ entry, names, ips, faults }: HeldEntry): readonly Rejection[] {
  if (ips.every((one) => one !== undefined)) return faults
  const without = names.filter((_, index) => ips[index] === undefined)
  return [
    ...faults,
    ...without.map(({ text }) =>
      rejection(entry, 'no-virtual-ip', 'spec.hosts', `no virtual IP is left for host "${text}"`),
    ),
  ]
}

function faultsOf(entry: ServiceEntry): readonly Rejection[] {
  const found: Rejection[] = []
  if (entry.spec.resolution === 'DYNAMIC_DNS') {
    const message = 'resolution "DYNAMIC_DNS" is not supported: use NONE or DNS'
    found.push(rejection(entry, 'unsupported-resolution', 'spec.resolution', message))
  }
  if (entry.spec.workloadSelector !== undefined) {
    const message = 'workloadSelector selects nothing: use spec.endpoints'
    found.push(rejection(entry, 'unsupported-selector', 'spec.workloadSelector', message))
  }
  return found
}

function rejection(entry: ServiceEntry, code: RejectionCode, path: string, message: string): Rejection {
  return { code, object: refOf(entry), path, message, because: undefined }
}

/** Blocks keep no slot from anybody. */
function takenSlot(text: string): readonly number[] {
  const address = parseServiceAddress(text)
  const slot = address?.kind === 'ip' ? slotOf(address.address) : undefined
  return slot === undefined ? [] : [slot]
}
