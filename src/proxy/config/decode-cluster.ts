import {
  Cluster_ClusterProtocolSelection,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  type Cluster as ClusterMessage,
} from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { RoutingPriority, type TransportSocket } from '#xds/gen/envoy/config/core/v3/base_pb.js'
import { HttpProtocolOptionsSchema } from '#xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js'
import { decodeEndpoints } from './decode-endpoint.ts'
import { isWithoutEffectOnTraffic, typeNameOf } from './extensions.ts'
import type { Cluster, ClusterType } from './model.ts'
import type { Place } from './place.ts'
import { serviceRefOf } from './service-ref.ts'

/** `endpointSet` names the resource that holds the endpoints (type EDS); undefined when the cluster has its own. */
export interface DecodedCluster {
  readonly cluster: Cluster
  readonly endpointSet: string | undefined
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_IDLE_TIMEOUT_MS = 3_600_000
const DEFAULT_DNS_REFRESH_MS = 5_000
/** Envoy's default of each circuit breaker. */
const DEFAULT_LIMIT = 1024
const RAW_BUFFER = 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'
/** Fields that our generated types leave out and that must not be ignored (cluster.proto). */
const REFUSED_FIELDS = { 22: 'lb_subset_config', 38: 'cluster_type' }

const TYPES: Readonly<Record<Cluster_DiscoveryType, ClusterType>> = {
  [Cluster_DiscoveryType.STATIC]: 'STATIC',
  [Cluster_DiscoveryType.STRICT_DNS]: 'STRICT_DNS',
  [Cluster_DiscoveryType.LOGICAL_DNS]: 'LOGICAL_DNS',
  [Cluster_DiscoveryType.EDS]: 'EDS',
  [Cluster_DiscoveryType.ORIGINAL_DST]: 'ORIGINAL_DST',
}

const FAMILIES: Readonly<Record<Cluster_DnsLookupFamily, Cluster['dns']['family']>> = {
  [Cluster_DnsLookupFamily.AUTO]: 'AUTO',
  [Cluster_DnsLookupFamily.V4_ONLY]: 'V4_ONLY',
  [Cluster_DnsLookupFamily.V6_ONLY]: 'V6_ONLY',
  [Cluster_DnsLookupFamily.V4_PREFERRED]: 'V4_PREFERRED',
  [Cluster_DnsLookupFamily.ALL]: 'ALL',
}

export function decodeCluster(message: ClusterMessage, place: Place): DecodedCluster {
  place.refuseUnknown(message, REFUSED_FIELDS)
  refuseTransports(message, place)
  for (const [index, { name }] of message.filters.entries())
    if (!isWithoutEffectOnTraffic(name)) place.at(`filters[${index}]`).error(`filter "${name}" is not supported`)
  if (message.outlierDetection !== undefined) place.at('outlier_detection').note('has no effect')
  const type = decodeType(message, place)
  const connectTimeout = place.at('connect_timeout')
  const connectTimeoutMs = connectTimeout.durationMs(message.connectTimeout, DEFAULT_CONNECT_TIMEOUT_MS)
  if (connectTimeoutMs === 0) connectTimeout.error('must be above 0 s')
  const endpointSet = message.edsClusterConfig?.serviceName || message.name
  const cluster: Cluster = {
    name: message.name,
    type,
    connectTimeoutMs,
    lbPolicy: decodeLbPolicy(message, type, place),
    endpoints: message.loadAssignment ? decodeEndpoints(message.loadAssignment, place.at('load_assignment')) : [],
    dns: {
      refreshRateMs: place.at('dns_refresh_rate').durationMs(message.dnsRefreshRate, DEFAULT_DNS_REFRESH_MS),
      respectTtl: message.respectDnsTtl,
      family: FAMILIES[message.dnsLookupFamily] ?? 'AUTO',
    },
    ...decodeHttp(message, place),
    upstreamPortOverride: decodePortOverride(message, place),
    ...decodeLimits(message),
    service: serviceRefOf(message.name, message.metadata?.filterMetadata ?? {}),
  }
  return { cluster, endpointSet: type === 'EDS' ? endpointSet : undefined }
}

/**
 * What encrypts or wraps the bytes towards the upstream must not be left out. Endpoints whose metadata asks for a certain
 * transport are not used (see decode-endpoint.ts): so of the matches only the one for all others counts.
 */
function refuseTransports(message: ClusterMessage, place: Place): void {
  if (!isPlain(message.transportSocket))
    place.at('transport_socket').error(`"${message.transportSocket?.name}" is not supported`)
  for (const [index, { match, transportSocket }] of message.transportSocketMatches.entries()) {
    const at = place.at(`transport_socket_matches[${index}]`)
    if (isPlain(transportSocket)) continue
    if (Object.keys(match ?? {}).length > 0) at.note('has no effect: endpoints that need it are not used')
    else at.error(`"${transportSocket?.name}" is not supported`)
  }
}

function isPlain(socket: TransportSocket | undefined): boolean {
  if (socket === undefined || socket.name === 'envoy.transport_sockets.raw_buffer') return true
  return typeNameOf({ typedConfig: socket.configType.value }) === RAW_BUFFER
}

function decodeType({ clusterDiscoveryType }: ClusterMessage, place: Place): ClusterType {
  if (clusterDiscoveryType.case === undefined) return 'STATIC'
  const type = TYPES[clusterDiscoveryType.value]
  if (type === undefined) place.at('type').error(`${clusterDiscoveryType.value} is not supported`)
  return type ?? 'STATIC'
}

function decodeLbPolicy({ lbPolicy }: ClusterMessage, type: ClusterType, place: Place): Cluster['lbPolicy'] {
  if ((lbPolicy === Cluster_LbPolicy.CLUSTER_PROVIDED) !== (type === 'ORIGINAL_DST'))
    place.at('lb_policy').error('CLUSTER_PROVIDED goes with type ORIGINAL_DST, and only with that')
  switch (lbPolicy) {
    case Cluster_LbPolicy.CLUSTER_PROVIDED:
      return 'CLUSTER_PROVIDED'
    case Cluster_LbPolicy.LEAST_REQUEST:
      return 'LEAST_REQUEST'
    case Cluster_LbPolicy.RANDOM:
      return 'RANDOM'
    case Cluster_LbPolicy.ROUND_ROBIN:
      return 'ROUND_ROBIN'
    default:
      place.at('lb_policy').note(`${Cluster_LbPolicy[lbPolicy]} is served as ROUND_ROBIN`)
      return 'ROUND_ROBIN'
  }
}

function decodeHttp(message: ClusterMessage, place: Place): Pick<Cluster, 'httpProtocol' | 'httpIdleTimeoutMs'> {
  const at = place.at(`typed_extension_protocol_options["${HttpProtocolOptionsSchema.typeName}"]`)
  const any = message.typedExtensionProtocolOptions[HttpProtocolOptionsSchema.typeName]
  const options = any && at.unpack(HttpProtocolOptionsSchema, any)
  const idleTimeout = (options?.commonHttpProtocolOptions ?? message.commonHttpProtocolOptions)?.idleTimeout
  const httpIdleTimeoutMs = at.at('idle_timeout').durationMs(idleTimeout, DEFAULT_IDLE_TIMEOUT_MS)
  const chosen = options?.upstreamProtocolOptions
  if (chosen?.case === 'useDownstreamProtocolConfig') return { httpProtocol: 'downstream', httpIdleTimeoutMs }
  if (chosen?.case === 'explicitHttpConfig') {
    const http2 = chosen.value.protocolConfig.case === 'http2ProtocolOptions'
    return { httpProtocol: http2 ? 'http2' : 'http1', httpIdleTimeoutMs }
  }
  if (chosen?.case === 'autoConfig') at.at('auto_config').note('is served as HTTP/1.1')
  const sameAsDownstream = message.protocolSelection === Cluster_ClusterProtocolSelection.USE_DOWNSTREAM_PROTOCOL
  if (sameAsDownstream) return { httpProtocol: 'downstream', httpIdleTimeoutMs }
  return { httpProtocol: message.http2ProtocolOptions === undefined ? 'http1' : 'http2', httpIdleTimeoutMs }
}

function decodePortOverride({ lbConfig }: ClusterMessage, place: Place): number | undefined {
  if (lbConfig.case !== 'originalDstLbConfig') return undefined
  const { upstreamPortOverride, useHttpHeader } = lbConfig.value
  const at = place.at('original_dst_lb_config')
  at.refuseSet({ use_http_header: useHttpHeader })
  if (upstreamPortOverride !== undefined && upstreamPortOverride > 65535)
    at.at('upstream_port_override').error(`port ${upstreamPortOverride} is above 65535`)
  return upstreamPortOverride
}

function decodeLimits({ circuitBreakers }: ClusterMessage) {
  const limits = circuitBreakers?.thresholds.find(({ priority }) => priority === RoutingPriority.DEFAULT)
  return {
    maxConnections: limits?.maxConnections ?? DEFAULT_LIMIT,
    maxPendingRequests: limits?.maxPendingRequests ?? DEFAULT_LIMIT,
    maxRequests: limits?.maxRequests ?? DEFAULT_LIMIT,
  }
}
