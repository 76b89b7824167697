import {
  createRegistry,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { FileAccessLogSchema } from '#xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js'
import { RouterSchema } from '#xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js'
import { HttpInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js'
import { TlsInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js'
import { HttpConnectionManagerSchema } from '#xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js'
import { MongoProxySchema } from '#xds/gen/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js'
import { TcpProxySchema } from '#xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js'
import { CaresDnsResolverConfigSchema } from '#xds/gen/envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver_pb.js'
import { UuidRequestIdConfigSchema } from '#xds/gen/envoy/extensions/request_id/uuid/v3/uuid_pb.js'
import { PreviousHostsPredicateSchema } from '#xds/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js'
import { HttpProtocolOptionsSchema } from '#xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { ResourceSet } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { messageOf, type Recipe } from './recipe.ts'
import type { Translation } from './translation.ts'

/** Every type that a translation wraps in an Any. */
const registry = createRegistry(
  CaresDnsResolverConfigSchema,
  FileAccessLogSchema,
  HttpConnectionManagerSchema,
  HttpInspectorSchema,
  HttpProtocolOptionsSchema,
  MongoProxySchema,
  PreviousHostsPredicateSchema,
  RouterSchema,
  TcpProxySchema,
  TlsInspectorSchema,
  UuidRequestIdConfigSchema,
)

/** A translation as protobuf JSON, resources sorted by name: what `postern proxy-config` prints. */
export interface ResourceDump {
  readonly clusters: readonly JsonValue[]
  readonly listeners: readonly JsonValue[]
  readonly routes: readonly JsonValue[]
  readonly endpoints: readonly JsonValue[]
  /** Host → { ips, registry } */
  readonly names: JsonValue
}

/** What a client has, out of the bytes that it was sent. */
export function dumpSet({ byType }: ResourceSet): ResourceDump {
  const all = <Desc extends DescMessage>(typeUrl: TypeUrl, schema: Desc): readonly JsonValue[] =>
    [...(byType.get(typeUrl) ?? [])]
      .sort(({ name: a }, { name: b }) => (a < b ? -1 : 1))
      .map(({ value }) => typeFirst(toJson(schema, fromBinary(schema, value), { registry })))
  const tables = all(NAME_TABLE_TYPE, NameTableSchema) as readonly { readonly table?: JsonObject }[]
  return {
    clusters: all(CLUSTER_TYPE, ClusterSchema),
    listeners: all(LISTENER_TYPE, ListenerSchema),
    routes: all(ROUTE_TYPE, RouteConfigurationSchema),
    endpoints: all(ENDPOINT_TYPE, ClusterLoadAssignmentSchema),
    names: Object.assign({}, ...tables.map(({ table }) => table)) as JsonObject,
  }
}

export function dumpResources({ parts }: Translation): ResourceDump {
  const tables = parts
    .flatMap(({ names }) => names)
    .map((recipe) => toJson(NameTableSchema, messageOf(NameTableSchema, recipe)))
  const table = Object.assign({}, ...tables.map((one) => (one as { table?: JsonObject }).table)) as JsonObject
  return {
    clusters: sorted(
      ClusterSchema,
      parts.flatMap(({ clusters }) => clusters),
    ),
    listeners: sorted(
      ListenerSchema,
      parts.flatMap(({ listeners }) => listeners),
    ),
    routes: sorted(
      RouteConfigurationSchema,
      parts.flatMap(({ routes }) => routes),
    ),
    endpoints: sorted(
      ClusterLoadAssignmentSchema,
      parts.flatMap(({ endpoints }) => endpoints),
    ),
    names: Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

function sorted<Desc extends DescMessage>(
  schema: Desc,
  recipes: readonly Recipe<MessageShape<Desc>>[],
): readonly JsonValue[] {
  const byName = [...recipes].sort((a, b) => (a.name < b.name ? -1 : 1))
  return byName.map((recipe) => typeFirst(toJson(schema, messageOf(schema, recipe), { registry })))
}

/** Puts "@type" before the fields that it gives their meaning to. */
function typeFirst(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(typeFirst)
  if (typeof value !== 'object' || value === null) return value
  const { '@type': type, ...fields } = value
  const entries = Object.entries(fields).map(([key, field]) => [key, typeFirst(field)] as const)
  return Object.fromEntries(type === undefined ? entries : [['@type', type], ...entries])
}
