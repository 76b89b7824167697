import type { Any } from '@bufbuild/protobuf/wkt'
import {
  type HttpConnectionManager,
  HttpConnectionManager_CodecType,
  type HttpFilter,
} from '#xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js'
import { decodeAccessLogs } from './decode-access-log.ts'
import { decodeRouteTable } from './decode-route.ts'
import { isWithoutEffectOnTraffic, typeNameOf } from './extensions.ts'
import type { HttpConnectionManagerConfig } from './model.ts'
import type { Place } from './place.ts'

const DEFAULT_STREAM_IDLE_TIMEOUT_MS = 300_000
const DEFAULT_IDLE_TIMEOUT_MS = 3_600_000
const ROUTER = 'envoy.extensions.filters.http.router.v3.Router'
const FAULT = 'envoy.filters.http.fault'

/** Undefined, and errors, when it has no routes. */
export function decodeHttpConnectionManager(
  manager: HttpConnectionManager,
  place: Place,
): HttpConnectionManagerConfig | undefined {
  if (manager.statPrefix === '') place.at('stat_prefix').error('is empty')
  if (manager.codecType === HttpConnectionManager_CodecType.HTTP3)
    place.at('codec_type').error('HTTP3 is not supported')
  decodeHttpFilters(manager.httpFilters, place)
  const routes = decodeRoutes(manager, place)
  if (routes === undefined) return undefined
  const { idleTimeout } = manager.commonHttpProtocolOptions ?? {}
  return {
    kind: 'http_connection_manager',
    statPrefix: manager.statPrefix,
    routes,
    streamIdleTimeoutMs: place
      .at('stream_idle_timeout')
      .durationMs(manager.streamIdleTimeout, DEFAULT_STREAM_IDLE_TIMEOUT_MS),
    idleTimeoutMs: place
      .at('common_http_protocol_options.idle_timeout')
      .durationMs(idleTimeout, DEFAULT_IDLE_TIMEOUT_MS),
    allowWebsocket: manager.upgradeConfigs.some(
      ({ upgradeType, enabled }) => upgradeType.toLowerCase() === 'websocket' && enabled !== false,
    ),
    normalizePath: manager.normalizePath ?? false,
    useRemoteAddress: manager.useRemoteAddress ?? false,
    generateRequestId: manager.generateRequestId ?? true,
    accessLog: decodeAccessLogs(manager.accessLog, place),
  }
}

function decodeRoutes(manager: HttpConnectionManager, place: Place): HttpConnectionManagerConfig['routes'] | undefined {
  const { routeSpecifier } = manager
  if (routeSpecifier.case === 'routeConfig') return decodeRouteTable(routeSpecifier.value, place.at('route_config'))
  if (routeSpecifier.case === 'rds' && routeSpecifier.value.routeConfigName !== '')
    return { rds: routeSpecifier.value.routeConfigName }
  place.error('neither rds.route_config_name nor route_config is set')
  return undefined
}

/** The router must come last; before it only filters that are safe to do without. */
function decodeHttpFilters(filters: readonly HttpFilter[], place: Place): void {
  for (const [index, filter] of filters.entries()) {
    const at = place.at(`http_filters[${index}]`)
    const typedConfig = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined
    const isRouter = typeNameOf({ typedConfig }) === ROUTER
    if (isRouter !== (index === filters.length - 1)) at.error('the router must be the last filter, and only the last')
    else if (!isRouter && !filter.disabled) decodeHttpFilter(filter, typedConfig, at)
  }
  if (filters.length === 0) place.at('http_filters').error('the router is missing')
}

function decodeHttpFilter(filter: HttpFilter, typedConfig: Any | undefined, place: Place): void {
  // A fault filter injects what its own configuration, or that of a route, says: an empty one does nothing.
  const idleFault = filter.name === FAULT && (typedConfig?.value.length ?? 0) === 0
  if (filter.isOptional || isWithoutEffectOnTraffic(filter.name)) place.note(`filter "${filter.name}" has no effect`)
  else if (!idleFault) place.error(`filter "${filter.name}" is not supported`)
}
