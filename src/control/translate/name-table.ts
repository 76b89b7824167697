import { create } from '@bufbuild/protobuf'
import type { Service } from '#control/mesh/service.ts'
import { type NameTable, NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import { virtualIpsOf } from './outbound-listeners.ts'
import type { ProxyNode } from './proxy-node.ts'

/**
 * What the DNS responder beside a proxy answers (spec 3.13): all addresses of a host, or its automatic ones; CIDR blocks answer nothing.
 * @param services with every address that a host has: each of them is one service
 */
export function nameTable(services: Iterable<Service>, node: ProxyNode): NameTable {
  const table: Record<string, { ips: string[]; registry: string }> = {}
  for (const service of services) {
    const addresses = addressesOf(service, node)
    if (addresses.length === 0) continue
    const ips = new Set([...(table[service.host]?.ips ?? []), ...addresses])
    table[service.host] = { ips: [...ips], registry: 'External' }
  }
  return create(NameTableSchema, { table })
}

function addressesOf(service: Service, node: ProxyNode): readonly string[] {
  if (service.address.kind === 'none') return virtualIpsOf(service, node) ?? []
  return service.address.kind === 'ip' ? [service.address.address] : []
}
