import { create } from '@bufbuild/protobuf'
import type { MeshConfig } from '#api/mesh-config.ts'
import { compareText } from '#base/compare-text.ts'
import type { Service } from '#control/mesh/service.ts'
import { type NameTable, NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import { virtualIpsOf } from './outbound-listeners.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { Piece, Recipe } from './recipe.ts'

/** Name of the one resource that Istio has of this type; a proxy that says so (metadata NAME_TABLE_SHARDS) gets it in parts: "name-table/3f". */
export const NAME_TABLE = 'name-table'

/** The part of the table with the hosts of one shard of the mesh: one host costs one part. */
export function shardName(shard: number): string {
  return `${NAME_TABLE}/${shard.toString(16).padStart(2, '0')}`
}

/** What the DNS responder beside a proxy answers (spec 3.13), or a part of it. */
export function nameTable(name: string, hosts: readonly HostName[], config: MeshConfig): Recipe<NameTable> {
  return { name, pieces: [emptyPiece(config, name), ...[...hosts].sort(byName).map(({ piece }) => piece)] }
}

/** What one host adds to the table. */
export interface HostName {
  readonly host: string
  readonly piece: Piece<NameTable>
}

/** So that the order of objects does not show. */
function byName({ host: a }: HostName, { host: b }: HostName): number {
  return compareText(a, b)
}

/**
 * The names of services: all addresses of a host, or its automatic ones; CIDR blocks answer nothing.
 * @param services with every address that a host has: each of them is one service
 */
export function hostNames(services: Iterable<Service>, node: ProxyNode): readonly HostName[] {
  const byHost = new Map<string, { readonly service: Service; readonly ips: readonly string[] }>()
  for (const service of services) {
    const ips = addressesOf(service, node)
    if (ips.length === 0) continue
    const known = byHost.get(service.host)
    if (known === undefined) byHost.set(service.host, { service, ips })
    else byHost.set(service.host, { service: known.service, ips: [...new Set([...known.ips, ...ips])] })
  }
  return [...byHost].map(([host, entry]) => ({ host, piece: namePiece(host, entry) }))
}

function emptyPiece(config: MeshConfig, name: string): Piece<NameTable> {
  return { of: config, role: name, inputs: [], make: () => create(NameTableSchema, {}) }
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
