import { create } from '@bufbuild/protobuf'
import { type Filter, FilterSchema } from '#xds/gen/envoy/config/listener/v3/listener_components_pb.js'
import { RouterSchema } from '#xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js'
import {
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManagerSchema,
} from '#xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js'
import { MongoProxySchema } from '#xds/gen/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js'
import { TcpProxySchema } from '#xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js'
import { UuidRequestIdConfigSchema } from '#xds/gen/envoy/extensions/request_id/uuid/v3/uuid_pb.js'
import type { AccessLogs } from './access-log.ts'
import { duration, overAds, pack, typedConfig } from './messages.ts'

/** Sends a connection to one cluster; `accessLog` is empty where connections are not logged. */
export function tcpProxy(cluster: string, accessLog: AccessLogs['always']): Filter {
  return create(FilterSchema, {
    name: 'envoy.filters.network.tcp_proxy',
    configType: typedConfig(
      pack(TcpProxySchema, {
        statPrefix: cluster,
        clusterSpecifier: { case: 'cluster', value: cluster },
        accessLog: [...accessLog],
      }),
    ),
  })
}

/** Counts MongoDB operations; stands before the TCP proxy. */
export function mongoProxy(cluster: string): Filter {
  return create(FilterSchema, {
    name: 'envoy.filters.network.mongo_proxy',
    configType: typedConfig(pack(MongoProxySchema, { statPrefix: cluster })),
  })
}

/** Outbound HTTP, its routes named by `routeConfig` (spec 7.5). */
export function httpConnectionManager(listener: string, routeConfig: string, accessLogs: AccessLogs): Filter {
  return create(FilterSchema, {
    name: 'envoy.filters.network.http_connection_manager',
    configType: typedConfig(
      pack(HttpConnectionManagerSchema, {
        statPrefix: `outbound_${listener};`,
        routeSpecifier: { case: 'rds', value: { configSource: overAds(), routeConfigName: routeConfig } },
        httpFilters: [{ name: 'envoy.filters.http.router', configType: typedConfig(pack(RouterSchema, {})) }],
        streamIdleTimeout: duration(0),
        accessLog: [...accessLogs.always],
        useRemoteAddress: false,
        proxy100Continue: true,
        upgradeConfigs: [{ upgradeType: 'websocket' }],
        normalizePath: true,
        pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.KEEP_UNCHANGED,
        requestIdExtension: { typedConfig: pack(UuidRequestIdConfigSchema, { useRequestIdForTraceSampling: true }) },
      }),
    ),
  })
}
