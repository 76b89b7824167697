import type { ServiceEntry } from '#api/service-entry.ts'
import { parseProtocol } from './protocol.ts'
import { type ObjectRef, refOf } from './rejection.ts'
import type { Service, ServicePort, Visibility } from './service.ts'
import { NO_ADDRESS, parseServiceAddress, type ServiceAddress } from './service-address.ts'
import type { VirtualIps } from './virtual-ips.ts'

/**
 * The services of one service entry, hosts × addresses (spec 3.1); none for resolutions that are not supported.
 * @param virtualIps "NAMESPACE/HOST" → what those of its own hosts have that get any: another entry may have got the host an address, which does not make
 *   this one's original destinations reachable through it
 */
export function servicesOfEntry(
  entry: ServiceEntry,
  defaultExportTo: readonly string[],
  virtualIps: ReadonlyMap<string, VirtualIps | undefined>,
): readonly Service[] {
  const { spec } = entry
  if (spec.resolution === 'DYNAMIC_DNS') return []
  const definedBy = refOf(entry)
  const exportTo = spec.exportTo.length > 0 ? spec.exportTo : defaultExportTo
  const common = {
    namespace: definedBy.namespace,
    resolution: spec.resolution,
    external: spec.location === 'MESH_EXTERNAL',
    selected: spec.workloadSelector !== undefined,
    visibility: visibilityOf(exportTo, definedBy.namespace),
    definedBy,
    createdAt: creationTime(entry),
    mergeKey: mergeKeyOf(entry),
  }
  const addresses = addressesOf(entry)
  return spec.hosts.flatMap((host) => {
    const name = `${definedBy.namespace}/${host}`
    const sortKey = `${host}.${definedBy.namespace}`
    return addresses.map((address) => ({
      ...common,
      host,
      hostKey: name,
      sortKey,
      address,
      // Of its own: what is remembered of a port is so of one service.
      ports: portsOf(entry, definedBy),
      virtualIps: virtualIps.get(name),
    }))
  })
}

/** Milliseconds since 1970; 0 for objects that do not say, as those read from files: they count as the oldest. */
export function creationTime({ metadata }: ServiceEntry): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0
}

/** Hosts that get automatic addresses: no addresses of their own, not NONE, no wildcard, not opted out (spec 3.13). */
export function virtualIpHosts(entry: ServiceEntry): readonly string[] {
  const { spec, metadata } = entry
  if (spec.addresses.length > 0 || spec.resolution === 'NONE' || spec.resolution === 'DYNAMIC_DNS') return []
  if (metadata.labels?.['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() === 'false') return []
  return spec.hosts.filter((host) => !host.startsWith('*'))
}

function addressesOf(entry: ServiceEntry): readonly ServiceAddress[] {
  if (entry.spec.addresses.length === 0) return [NO_ADDRESS]
  return entry.spec.addresses.flatMap((text) => parseServiceAddress(text) ?? [])
}

function portsOf(entry: ServiceEntry, definedBy: ObjectRef): readonly ServicePort[] {
  return entry.spec.ports.map((port, index) => ({
    number: port.number,
    name: port.name,
    protocol: parseProtocol(port.protocol),
    targetPort: port.targetPort,
    definedBy,
    path: `spec.ports[${index}]`,
  }))
}

function visibilityOf(exportTo: readonly string[], namespace: string): Visibility {
  if (exportTo.includes('*')) return { kind: 'public' }
  if (exportTo.includes('~')) return { kind: 'nobody' }
  return { kind: 'namespaces', namespaces: new Set(exportTo.map((to) => (to === '.' ? namespace : to))) }
}

function mergeKeyOf(entry: ServiceEntry): string {
  const sorted = (map: Readonly<Record<string, string>> = {}) => Object.entries(map).sort()
  const { spec, metadata } = entry
  return JSON.stringify([
    metadata.namespace ?? 'default',
    spec.resolution,
    sorted(metadata.labels),
    sorted(spec.workloadSelector?.labels),
    [...spec.exportTo].sort(),
  ])
}
