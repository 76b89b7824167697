import { createHash } from 'node:crypto'
import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import type { Translation } from '#control/translate/translation.ts'
import { encodeResource } from '#xds/encode-resource.ts'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { EncodedResource, ResourceSet } from '#xds/resource-set.ts'
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  NAME_TABLE_TYPE,
  ROUTE_TYPE,
  TYPE_URLS,
  type TypeUrl,
} from '#xds/type-url.ts'

/** Name of the one resource of the name-table type. */
const NAME_TABLE_NAME = 'name-table'

type Resources = ReadonlyMap<string, EncodedResource>

/** Resources that were encoded before, so that equal ones are the same object for all who see them. */
export interface EncodedPool {
  /** The pooled resource with these bytes; takes `resource` in when there is none. */
  share(typeUrl: TypeUrl, resource: EncodedResource): EncodedResource
}

/** Encodes a translation: equal content makes equal bytes, versions are hashes of them, names are in order. */
export function encode(translation: Translation, pool: EncodedPool): ResourceSet {
  const { clusters, endpoints, listeners, routes, names } = translation
  const byType = new Map<TypeUrl, Resources>([
    [CLUSTER_TYPE, encodeAll(CLUSTER_TYPE, ClusterSchema, clusters, ({ name }) => name, pool)],
    [
      ENDPOINT_TYPE,
      encodeAll(ENDPOINT_TYPE, ClusterLoadAssignmentSchema, endpoints, ({ clusterName }) => clusterName, pool),
    ],
    [LISTENER_TYPE, encodeAll(LISTENER_TYPE, ListenerSchema, listeners, ({ name }) => name, pool)],
    [ROUTE_TYPE, encodeAll(ROUTE_TYPE, RouteConfigurationSchema, routes, ({ name }) => name, pool)],
    [NAME_TABLE_TYPE, encodeAll(NAME_TABLE_TYPE, NameTableSchema, [sortedTable(names)], () => NAME_TABLE_NAME, pool)],
  ])
  return { version: versionOf(byType), byType }
}

function encodeAll<Desc extends DescMessage>(
  typeUrl: TypeUrl,
  schema: Desc,
  messages: readonly MessageShape<Desc>[],
  nameOf: (message: MessageShape<Desc>) => string,
  pool: EncodedPool,
): Resources {
  const resources = new Map<string, EncodedResource>()
  for (const message of messages) {
    const name = nameOf(message)
    resources.set(name, pool.share(typeUrl, encodeResource(schema, name, message)))
  }
  return resources
}

/** Maps are encoded in insertion order: sorted, so that the order of objects does not show. */
function sortedTable<Table extends Translation['names']>(names: Table): Table {
  return { ...names, table: Object.fromEntries(Object.entries(names.table).sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** Depends on what the resources are, not on the order in which services were met. */
function versionOf(byType: ReadonlyMap<TypeUrl, Resources>): string {
  const parts: string[] = []
  for (const typeUrl of TYPE_URLS) {
    const resources = byType.get(typeUrl)
    if (resources === undefined) continue
    parts.push(typeUrl)
    for (const name of [...resources.keys()].sort()) parts.push(name, resources.get(name)?.version ?? '')
  }
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 16)
}
