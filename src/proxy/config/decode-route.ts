import type { Any } from '@bufbuild/protobuf/wkt'
import {
  type Route as RouteMessage,
  VirtualHost_TlsRequirementType,
  type VirtualHost as VirtualHostMessage,
} from '#xds/gen/envoy/config/route/v3/route_components_pb.js'
import type { RouteConfiguration } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { decodeDirectResponse, decodeRedirect, decodeRouteAction } from './decode-route-action.ts'
import { decodeRouteMatch } from './decode-route-match.ts'
import { isWithoutEffectOnTraffic } from './extensions.ts'
import type { Route, RouteTable, VirtualHost } from './model.ts'
import type { Place } from './place.ts'

/** Fields that our generated types leave out and that must not be ignored (route.proto, route_components.proto). */
const REFUSED_TABLE_FIELDS = { 9: 'vhds', 12: 'cluster_specifier_plugins' }
const REFUSED_HOST_FIELDS = { 6: 'rate_limits', 21: 'matcher' }
const REFUSED_ROUTE_FIELDS = { 17: 'filter_action', 18: 'non_forwarding_action' }

/** A route table as requests are matched against it: every domain belongs to one virtual host. */
export function decodeRouteTable(table: RouteConfiguration, place: Place): RouteTable {
  place.refuseUnknown(table, REFUSED_TABLE_FIELDS)
  refuseHeaderChanges(table, place)
  const owners = new Map<string, string>()
  const virtualHosts = table.virtualHosts.map((host, index) => {
    const at = place.at(`virtual_hosts[${index}]`)
    const decoded = decodeVirtualHost(host, at)
    for (const domain of decoded.domains) {
      const owner = owners.get(domain)
      if (owner !== undefined) at.at('domains').error(`"${domain}" is a domain of virtual host "${owner}" already`)
      owners.set(domain, host.name)
    }
    return decoded
  })
  return { name: table.name, virtualHosts, ignorePortInHostMatching: table.ignorePortInHostMatching }
}

function decodeVirtualHost(host: VirtualHostMessage, place: Place): VirtualHost {
  if (host.name === '') place.at('name').error('is empty')
  if (host.domains.length === 0) place.at('domains').error('is empty')
  place.refuseUnknown(host, REFUSED_HOST_FIELDS)
  place.refuseSet({ require_tls: host.requireTls !== VirtualHost_TlsRequirementType.NONE })
  refuseHeaderChanges(host, place)
  noteFilterConfigs(host.typedPerFilterConfig, place)
  return {
    name: host.name,
    domains: host.domains.map((domain) => domain.toLowerCase()),
    routes: host.routes.flatMap((route, index) => decodeRoute(route, place.at(`routes[${index}]`)) ?? []),
    includeAttemptCount: host.includeRequestAttemptCount,
  }
}

function decodeRoute(route: RouteMessage, place: Place): Route | undefined {
  place.refuseUnknown(route, REFUSED_ROUTE_FIELDS)
  refuseHeaderChanges(route, place)
  noteFilterConfigs(route.typedPerFilterConfig, place)
  const match = decodeRouteMatch(route.match, place.at('match'))
  const action = decodeAction(route, place)
  return match === undefined || action === undefined ? undefined : { name: route.name, match, action }
}

function decodeAction({ action }: RouteMessage, place: Place): Route['action'] | undefined {
  switch (action.case) {
    case 'route':
      return decodeRouteAction(action.value, place.at('route'))
    case 'directResponse':
      return decodeDirectResponse(action.value, place.at('direct_response'))
    case 'redirect':
      return decodeRedirect(action.value, place.at('redirect'))
    default:
      place.error('none of route, direct_response and redirect is set')
      return undefined
  }
}

interface HeaderChanges {
  readonly requestHeadersToAdd: readonly unknown[]
  readonly requestHeadersToRemove: readonly string[]
  readonly responseHeadersToAdd: readonly unknown[]
  readonly responseHeadersToRemove: readonly string[]
}

function refuseHeaderChanges(changes: HeaderChanges, place: Place): void {
  place.refuseSet({
    request_headers_to_add: changes.requestHeadersToAdd.length > 0,
    request_headers_to_remove: changes.requestHeadersToRemove.length > 0,
    response_headers_to_add: changes.responseHeadersToAdd.length > 0,
    response_headers_to_remove: changes.responseHeadersToRemove.length > 0,
  })
}

function noteFilterConfigs(configs: Readonly<Record<string, Any>>, place: Place): void {
  for (const name of Object.keys(configs)) {
    const at = place.at(`typed_per_filter_config["${name}"]`)
    if (isWithoutEffectOnTraffic(name)) at.note('has no effect')
    else at.error('is not supported')
  }
}
