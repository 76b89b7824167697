import { create, type JsonObject } from '@bufbuild/protobuf'
import type { MeshConfig } from '#api/mesh-config.ts'
import { isHttp2 } from '#control/mesh/protocol.ts'
import type { Endpoint, Service, ServicePort } from '#control/mesh/service.ts'
import { CircuitBreakersSchema } from '#xds/gen/envoy/config/cluster/v3/circuit_breaker_pb.js'
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  ClusterSchema,
} from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { TypedExtensionConfigSchema } from '#xds/gen/envoy/config/core/v3/extension_pb.js'
import { CaresDnsResolverConfigSchema } from '#xds/gen/envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver_pb.js'
import { HttpProtocolOptionsSchema } from '#xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js'
import { loadAssignmentOf } from './load-assignment.ts'
import { clusterName, duration, overAds, pack } from './messages.ts'
import type { ProxyNode } from './proxy-node.ts'

export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster'
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster'

const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
const UNLIMITED = 0xffffffff
const PASSTHROUGH_IDLE_TIMEOUT_MS = 300_000

/** Nothing is reachable through it: what is denied goes here (spec 3.10). */
export function blackHoleCluster(config: MeshConfig): Cluster {
  return create(ClusterSchema, {
    name: BLACK_HOLE_CLUSTER,
    altStatName: `${BLACK_HOLE_CLUSTER};`,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(config.connectTimeoutMs),
  })
}

/** The address that the application dialled: where ALLOW_ANY sends what nothing names. */
export function passthroughCluster(config: MeshConfig): Cluster {
  return create(ClusterSchema, {
    ...commonFields(PASSTHROUGH_CLUSTER, config),
    ...originalDestination(undefined),
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: pack(HttpProtocolOptionsSchema, {
        commonHttpProtocolOptions: { idleTimeout: duration(PASSTHROUGH_IDLE_TIMEOUT_MS) },
        upstreamProtocolOptions: downstreamProtocol(),
      }),
    },
  })
}

// What all clusters share is made once: thousands of them are made at a start.
const NO_BREAKERS = create(CircuitBreakersSchema, {
  thresholds: [
    {
      maxConnections: UNLIMITED,
      maxPendingRequests: UNLIMITED,
      maxRequests: UNLIMITED,
      maxRetries: UNLIMITED,
      trackRemaining: true,
    },
  ],
})
const CARES = create(TypedExtensionConfigSchema, {
  name: 'envoy.network.dns_resolver.cares',
  typedConfig: pack(CaresDnsResolverConfigSchema, { udpMaxQueries: 100 }),
})
const DOWNSTREAM_PROTOCOL = pack(HttpProtocolOptionsSchema, { upstreamProtocolOptions: downstreamProtocol() })
const HTTP2_PROTOCOL = pack(HttpProtocolOptionsSchema, {
  upstreamProtocolOptions: {
    case: 'explicitHttpConfig',
    value: { protocolConfig: { case: 'http2ProtocolOptions', value: {} } },
  },
})

/** What one cluster stands for. */
export interface Upstream {
  readonly service: Service
  readonly port: ServicePort
  /** Where a host with resolution NONE may be dialled besides the addresses that DNS answers for it; IPs and CIDR blocks. */
  readonly dialled: readonly string[]
}

/** The cluster of one port of a service (spec 3.8). */
export function serviceCluster(
  upstream: Upstream,
  endpoints: readonly Endpoint[],
  config: MeshConfig,
  node: ProxyNode,
): Cluster {
  const { service, port } = upstream
  const name = clusterName(service.host, port.number)
  return create(ClusterSchema, {
    ...commonFields(name, config),
    ...discovery(name, service, port, endpoints, config, node),
    ...upstreamProtocol(port),
    commonLbConfig: {},
    metadata: { filterMetadata: metadataOf(upstream) },
  })
}

function commonFields(name: string, config: MeshConfig) {
  return {
    name,
    altStatName: `${name};`,
    connectTimeout: duration(config.connectTimeoutMs),
    circuitBreakers: NO_BREAKERS,
  }
}

function discovery(
  name: string,
  service: Service,
  port: ServicePort,
  endpoints: readonly Endpoint[],
  config: MeshConfig,
  node: ProxyNode,
) {
  switch (service.resolution) {
    case 'NONE':
      return originalDestination(port.targetPort || undefined)
    case 'STATIC':
      return {
        clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
        lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
        edsClusterConfig: { edsConfig: overAds(), serviceName: name },
      } as const
    case 'DNS':
      return byDns(Cluster_DiscoveryType.STRICT_DNS, name, endpoints, config, node)
    case 'DNS_ROUND_ROBIN':
      return byDns(Cluster_DiscoveryType.LOGICAL_DNS, name, endpoints, config, node)
  }
}

function originalDestination(upstreamPortOverride: number | undefined) {
  const type = {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
  } as const
  if (upstreamPortOverride === undefined) return type
  return { ...type, lbConfig: { case: 'originalDstLbConfig', value: { upstreamPortOverride } } } as const
}

function byDns(
  type: Cluster_DiscoveryType,
  name: string,
  endpoints: readonly Endpoint[],
  config: MeshConfig,
  node: ProxyNode,
) {
  return {
    clusterDiscoveryType: { case: 'type', value: type },
    lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
    loadAssignment: loadAssignmentOf(name, endpoints),
    dnsRefreshRate: duration(config.dnsRefreshRateMs),
    respectDnsTtl: true,
    dnsLookupFamily: lookupFamily(node),
    typedDnsResolverConfig: CARES,
  } as const
}

function lookupFamily({ ipFamilies }: ProxyNode): Cluster_DnsLookupFamily {
  if (ipFamilies === 'dual') return Cluster_DnsLookupFamily.ALL
  return ipFamilies === 'v6' ? Cluster_DnsLookupFamily.V6_ONLY : Cluster_DnsLookupFamily.V4_ONLY
}

/** HTTP/2 where the port says so; what the downstream spoke where nothing is said; else HTTP/1.1, which needs no words. */
function upstreamProtocol({ protocol }: ServicePort) {
  if (protocol !== '' && !isHttp2(protocol)) return {}
  const options = protocol === '' ? DOWNSTREAM_PROTOCOL : HTTP2_PROTOCOL
  return { typedExtensionProtocolOptions: { [HTTP_PROTOCOL_OPTIONS]: options } }
}

function downstreamProtocol() {
  return { case: 'useDownstreamProtocolConfig', value: { httpProtocolOptions: {}, http2ProtocolOptions: {} } } as const
}

/**
 * "istio" as Istio's telemetry reads it, and "postern": the object and protocol that denials and status name, and where the
 * application itself may dial to, where it is the one that chooses.
 */
function metadataOf({ service, port, dialled }: Upstream): Record<string, JsonObject> {
  const { host, namespace, external, resolution } = service
  const { kind, name, namespace: definedIn } = port.definedBy
  const [version, resource] =
    kind === 'EgressRule' ? ['config.istio.io/v1alpha2', 'egress-rule'] : ['networking.istio.io/v1', 'service-entry']
  return {
    istio: { ...(external ? { external } : {}), services: [{ host, name: host, namespace }] },
    postern: {
      config: `/apis/${version}/namespaces/${definedIn}/${resource}/${name}`,
      protocol: port.protocol,
      ...(resolution === 'NONE' ? { addresses: [...dialled] } : {}),
    },
  }
}
