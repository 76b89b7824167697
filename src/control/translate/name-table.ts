import { create } from '@bufbuild/protobuf'
import type { MeshConfig } from '#api/mesh-config.ts'
import type { Service } from '#control/mesh/service.ts'
import { type NameTable, NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import { virtualIpsOf } from './outbound-listeners.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { Piece, Recipe } from './recipe.ts'

/** Name of the one resource that Istio has of this type; a proxy that says so (metadata NAME_TABLE_SHARDS) gets it in parts: "name-table/3f". */
const NAME_TABLE = 'name-table'

/**
 * What the DNS responder beside a proxy answers (spec 3.13): all addresses of a host, or its automatic ones; CIDR blocks answer nothing.
 * @param services with every address that a host has: each of them is one service
 */
export function nameTables(
  services: Iterable<Service>,
  more: readonly HostName[],
  config: MeshConfig,
  node: ProxyNode,
): readonly Recipe<NameTable>[] {
  const names = [...hostNames(services, node), ...more]
  const parts = node.nameTableShards ? Map.groupBy(names, ({ shard }) => shard) : new Map([[NAME_TABLE, names]])
  return [...parts].map(([name, part]) => ({
    name,
    pieces: [emptyPiece(config, name), ...part.sort(byName).map(({ piece }) => piece)],
  }))
}

/** What one host adds to the table, and to which part of it. */
export interface HostName {
  readonly host: string
  readonly shard: string
  readonly piece: Piece<NameTable>
}

/** So that the order of objects does not show. */
function byName({ host: a }: HostName, { host: b }: HostName): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The names of services; a host with several has the addresses of all. */
export function hostNames(services: Iterable<Service>, node: ProxyNode): readonly HostName[] {
  const byHost = new Map<string, { readonly service: Service; readonly ips: readonly string[] }>()
  for (const service of services) {
    const ips = addressesOf(service, node)
    if (ips.length === 0) continue
    const known = byHost.get(service.host)
    if (known === undefined) byHost.set(service.host, { service, ips })
    else byHost.set(service.host, { service: known.service, ips: [...new Set([...known.ips, ...ips])] })
  }
  return [...byHost].map(([host, entry]) => ({ host, shard: shardOf(host), piece: namePiece(host, entry) }))
}

const SHARDS = 256

/** Which part of the table a host stands in: always the same, so that one host costs one part. */
function shardOf(host: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < host.length; i++) hash = Math.imul(hash ^ host.charCodeAt(i), 0x01000193)
  return `${NAME_TABLE}/${((hash >>> 0) % SHARDS).toString(16).padStart(2, '0')}`
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
