import type { ServiceEntry, WorkloadEntrySpec, ServicePort as WrittenPort } from '#api/service-entry.ts'
import type { Memo } from '#base/memo.ts'
import type { MeshShard } from './mesh-shard.ts'
import type { Endpoint, Service, ServicePort } from './service.ts'

const UNIX = 'unix://'

/**
 * The endpoints of one port of a service, without duplicates: those of every entry that defines the host in this namespace and
 * has a port of this name (spec 3.1).
 * @param known what was made before
 */
export function endpointsOf(
  { entriesByHost }: MeshShard,
  service: Service,
  port: ServicePort,
  known: Memo<readonly Endpoint[]>,
): readonly Endpoint[] {
  if (service.resolution === 'NONE') return []
  const entries = entriesByHost.get(service.hostKey) ?? []
  const make = () => endpointsOfEntries(entries, service.host, port)
  return known.recall(port, '', entries, make)
}

function endpointsOfEntries(entries: readonly ServiceEntry[], host: string, port: ServicePort): readonly Endpoint[] {
  const distinct = new Map<string, Endpoint>()
  for (const entry of entries)
    for (const written of entry.spec.ports) {
      if (written.name !== port.name) continue
      for (const endpoint of endpointsOfEntry(entry, host, written))
        distinct.set(`${endpoint.address} ${endpoint.port}`, endpoint)
    }
  return [...distinct.values()]
}

function endpointsOfEntry(entry: ServiceEntry, host: string, port: WrittenPort): readonly Endpoint[] {
  const { endpoints, resolution, workloadSelector } = entry.spec
  if (endpoints.length > 0) return endpoints.map((endpoint) => endpointOf(endpoint, port))
  const resolves = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN'
  if (!resolves || workloadSelector !== undefined) return []
  return [{ address: host, port: port.targetPort || port.number, weight: 1, locality: '' }]
}

function endpointOf(written: WorkloadEntrySpec, port: WrittenPort): Endpoint {
  const unix = written.address.startsWith(UNIX)
  return {
    address: unix ? written.address.slice(UNIX.length) : written.address,
    port: unix ? 0 : written.ports[port.name] || port.targetPort || port.number,
    weight: written.weight || 1,
    locality: written.locality || (written.labels['istio-locality'] ?? '').replaceAll('.', '/'),
  }
}
