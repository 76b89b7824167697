import { create } from '@bufbuild/protobuf'
import type { MeshConfig } from '#api/mesh-config.ts'
import type { Service } from '#control/mesh/service.ts'
import { type NameTable, NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import { virtualIpsOf } from './outbound-listeners.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { Piece, Recipe } from './recipe.ts'

/** Name of the one resource of the name-table type. */
const NAME_TABLE = 'name-table'

/**
 * What the DNS responder beside a proxy answers (spec 3.13): all addresses of a host, or its automatic ones; CIDR blocks answer nothing.
 * @param services with every address that a host has: each of them is one service
 */
export function nameTable(services: Iterable<Service>, config: MeshConfig, node: ProxyNode): Recipe<NameTable> {
  const byHost = new Map<string, { readonly service: Service; readonly ips: readonly string[] }>()
  for (const service of services) {
    const ips = addressesOf(service, node)
    if (ips.length === 0) continue
    const known = byHost.get(service.host)
    if (known === undefined) byHost.set(service.host, { service, ips })
    else byHost.set(service.host, { service: known.service, ips: [...new Set([...known.ips, ...ips])] })
  }
  // In the order of their names, so that the order of objects does not show.
  const hosts = [...byHost.keys()].sort().map((host) => namePiece(host, byHost.get(host)!))
  const empty = { of: config, role: 'names', inputs: [], make: () => create(NameTableSchema, {}) }
  return { name: NAME_TABLE, pieces: [empty, ...hosts] }
}

function namePiece(host: string, entry: { service: Service; ips: readonly string[] }): Piece<NameTable> {
  const { service, ips } = entry
  const make = () => create(NameTableSchema, { table: { [host]: { ips: [...ips], registry: 'External' } } })
  return { of: service, role: 'name', inputs: ips, make }
}

function addressesOf(service: Service, node: ProxyNode): readonly string[] {
  if (service.address.kind === 'none') return virtualIpsOf(service, node) ?? []
  return service.address.kind === 'ip' ? [service.address.address] : []
}
