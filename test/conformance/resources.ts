import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf'
import { type Any, anyPack } from '@bufbuild/protobuf/wkt'
import { encodeResource } from '#xds/encode-resource.ts'
import { Cluster_DiscoveryType, Cluster_LbPolicy, ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { AddressSchema } from '#xds/gen/envoy/config/core/v3/address_pb.js'
import { ApiVersion } from '#xds/gen/envoy/config/core/v3/config_source_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { RouterSchema } from '#xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js'
import { HttpConnectionManagerSchema } from '#xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js'
import { TcpProxySchema } from '#xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'

/** What asks for a resource over the stream that everything else comes over. */
const OVER_ADS = { configSourceSpecifier: { case: 'ads', value: {} }, resourceApiVersion: ApiVersion.V3 } as const

export function pack<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, init))
}

/** A network or HTTP filter with its typed configuration. */
export function filterOf<Desc extends DescMessage>(name: string, schema: Desc, init: MessageInitShape<Desc>) {
  return { name, configType: { case: 'typedConfig', value: pack(schema, init) } } as const
}

export function socketAddress(address: string, port: number) {
  const value = { address, portSpecifier: { case: 'portValue', value: port } } as const
  return { address: { case: 'socketAddress', value } } as const
}

export function clusterResource(name: string, init: MessageInitShape<typeof ClusterSchema> = {}): EncodedResource {
  const message = create(ClusterSchema, init)
  message.name = name
  return encodeResource(ClusterSchema, name, message)
}

/** A cluster whose endpoints are asked for under `serviceName`. */
export function edsClusterResource(name: string, serviceName = ''): EncodedResource {
  return clusterResource(name, {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: OVER_ADS, serviceName },
  })
}

export function originalDstClusterResource(name: string): EncodedResource {
  return clusterResource(name, {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
  })
}

export function endpointsResource(name: string, ...endpoints: readonly (readonly [string, number])[]): EncodedResource {
  const lbEndpoints = endpoints.map(([address, port]) => ({
    hostIdentifier: { case: 'endpoint', value: { address: socketAddress(address, port) } } as const,
  }))
  const locality = { region: 'here' }
  const endpointGroups = [{ locality, loadBalancingWeight: 1, lbEndpoints }]
  const message = create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: endpointGroups })
  return encodeResource(ClusterLoadAssignmentSchema, name, message)
}

export function listenerResource(name: string, init: MessageInitShape<typeof ListenerSchema>): EncodedResource {
  const message = create(ListenerSchema, init)
  message.name = name
  message.bindToPort ??= false
  message.address ??= create(AddressSchema, socketAddress('0.0.0.0', 80))
  return encodeResource(ListenerSchema, name, message)
}

/** A listener on `port` of every address that sends all to one cluster. */
export function tcpListenerResource(name: string, port: number, cluster: string): EncodedResource {
  return listenerResource(name, {
    address: socketAddress('0.0.0.0', port),
    filterChains: [{ filters: [tcpProxyTo(cluster)] }],
  })
}

export function tcpProxyTo(cluster: string) {
  const clusterSpecifier = { case: 'cluster', value: cluster } as const
  return filterOf('envoy.filters.network.tcp_proxy', TcpProxySchema, { statPrefix: cluster, clusterSpecifier })
}

/** A listener on `port` of every address whose routes are asked for by name. */
export function httpListenerResource(name: string, port: number, routeTable: string): EncodedResource {
  return listenerResource(name, {
    address: socketAddress('0.0.0.0', port),
    filterChains: [{ filters: [httpWith(routeTable)] }],
  })
}

export function httpWith(routeConfigName: string, init: MessageInitShape<typeof HttpConnectionManagerSchema> = {}) {
  return filterOf('envoy.filters.network.http_connection_manager', HttpConnectionManagerSchema, {
    statPrefix: 'http',
    routeSpecifier: { case: 'rds', value: { routeConfigName, configSource: OVER_ADS } },
    httpFilters: [filterOf('envoy.filters.http.router', RouterSchema, {})],
    ...init,
  })
}

/** A route table whose virtual hosts send each domain to a cluster. */
export function routesResource(name: string, ...hosts: readonly (readonly [string, string])[]): EncodedResource {
  const virtualHosts = hosts.map(([domain, cluster]) => ({
    name: domain,
    domains: [domain],
    routes: [
      {
        match: { pathSpecifier: { case: 'prefix', value: '/' } as const },
        action: {
          case: 'route',
          value: { clusterSpecifier: { case: 'cluster', value: cluster } as const },
        } as const,
      },
    ],
  }))
  return encodeResource(RouteConfigurationSchema, name, create(RouteConfigurationSchema, { name, virtualHosts }))
}
