import { createRegistry, type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf'
import { encodeResource } from '#xds/encode-resource.ts'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { FileAccessLogSchema } from '#xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js'
import { RouterSchema } from '#xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js'
import { HttpInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js'
import { OriginalDstSchema } from '#xds/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js'
import { TlsInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js'
import { HttpConnectionManagerSchema } from '#xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js'
import { MongoProxySchema } from '#xds/gen/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js'
import { TcpProxySchema } from '#xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js'
import { UpstreamTlsContextSchema } from '#xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js'
import { HttpProtocolOptionsSchema } from '#xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { ResourceSet } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#xds/type-url.ts'
import { resourceSetOf } from './in-memory-source.ts'

const PACKED = createRegistry(
  FileAccessLogSchema,
  HttpConnectionManagerSchema,
  HttpInspectorSchema,
  HttpProtocolOptionsSchema,
  MongoProxySchema,
  OriginalDstSchema,
  RouterSchema,
  TcpProxySchema,
  TlsInspectorSchema,
  UpstreamTlsContextSchema,
)

type Resources = readonly { readonly [field: string]: JsonValue }[]
/** All resources of a kind, or those that differ from what every sidecar is sent. */
type Dump = { readonly [kind: string]: Resources | { readonly changed: Resources } }

/** The resources of a dump of what istiod sent, in protobuf JSON: `{"clusters": [...], "listeners": [...], ...}`. */
export function resourcesOfDump(dump: Dump): ResourceSet {
  const encode = (schema: DescMessage, kind: string, nameField: string): EncodedResource[] =>
    resourcesIn(dump[kind]).map((json) => {
      const message = fromJson(schema, withoutUnknown(json), { registry: PACKED, ignoreUnknownFields: true })
      return encodeResource(schema, String(json[nameField]), message)
    })
  return resourceSetOf('istiod', {
    [CLUSTER_TYPE]: encode(ClusterSchema, 'clusters', 'name'),
    [ENDPOINT_TYPE]: encode(ClusterLoadAssignmentSchema, 'endpoints', 'clusterName'),
    [LISTENER_TYPE]: encode(ListenerSchema, 'listeners', 'name'),
    [ROUTE_TYPE]: encode(RouteConfigurationSchema, 'routes', 'name'),
  })
}

function resourcesIn(part: Dump[string] | undefined): Resources {
  if (part === undefined) return []
  return 'changed' in part ? part.changed : part
}

/** Drops the packed messages that we have no types for; the names beside them remain. */
function withoutUnknown(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(withoutUnknown)
  if (json === null || typeof json !== 'object') return json
  const entries = Object.entries(json).filter(([, value]) => !isUnknownAny(value))
  return Object.fromEntries(entries.map(([field, value]) => [field, withoutUnknown(value)]))
}

function isUnknownAny(value: JsonValue): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const typeUrl = value['@type']
  return typeof typeUrl === 'string' && PACKED.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) === undefined
}
