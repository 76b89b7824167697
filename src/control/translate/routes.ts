import { create } from '@bufbuild/protobuf'
import type { MeshConfig, OutboundPolicy } from '#api/mesh-config.ts'
import { carriesHttp } from '#control/mesh/protocol.ts'
import type { Service, ServicePort } from '#control/mesh/service.ts'
import {
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from '#xds/gen/envoy/config/route/v3/route_components_pb.js'
import { type RouteConfiguration, RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { PreviousHostsPredicateSchema } from '#xds/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js'
import { PASSTHROUGH_CLUSTER } from './clusters.ts'
import { clusterName, duration, pack, typedConfig } from './messages.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { Piece, Recipe } from './recipe.ts'
import { domainsOf } from './virtual-host-domains.ts'

/** A service as the routes of one port see it. */
interface PortService {
  readonly service: Service
  readonly port: ServicePort
}

/**
 * The route configurations that listeners name (spec 3.7): "PORT" holds a virtual host for every HTTP or detected service port
 * of that number and a catch-all, "HOST:PORT" the one service of a detected port at an address of its own.
 */
export function routeConfigurations(
  names: ReadonlySet<string>,
  services: readonly Service[],
  config: MeshConfig,
  node: ProxyNode,
): readonly Recipe<RouteConfiguration>[] {
  const byPort = servicesByPort(services)
  return [...names].map((name) => {
    const colon = name.lastIndexOf(':')
    const hosts = byPort.get(Number(name.slice(colon + 1))) ?? new Map<string, PortService>()
    const found = colon < 0 ? undefined : hosts.get(name.slice(0, colon))
    const virtualHosts =
      colon < 0
        ? [...virtualHostsOf(hosts, node), catchAllPiece(config)]
        : found === undefined
          ? []
          : [virtualHostPiece(found, ['*'])]
    return { name, pieces: [headPiece(name, config), ...virtualHosts] }
  })
}

function headPiece(name: string, config: MeshConfig): Piece<RouteConfiguration> {
  const make = () =>
    create(RouteConfigurationSchema, {
      name,
      validateClusters: false,
      maxDirectResponseBodySizeBytes: 1_048_576,
      ignorePortInHostMatching: true,
    })
  return { of: config, role: `routes ${name}`, inputs: [], make }
}

function virtualHostPiece({ service, port }: PortService, domains: readonly string[]): Piece<RouteConfiguration> {
  const make = () => create(RouteConfigurationSchema, { virtualHosts: [virtualHost(service, port, [...domains])] })
  return { of: port, role: 'virtual host', inputs: [service, ...domains], make }
}

function catchAllPiece(config: MeshConfig): Piece<RouteConfiguration> {
  const policy = config.outboundTrafficPolicy.mode
  const make = () => create(RouteConfigurationSchema, { virtualHosts: [catchAll(policy)] })
  return { of: config, role: 'catch-all', inputs: [], make }
}

/** Port number → host → the last service of the list that has the port: it alone gives the addresses (spec 3.2 b). */
function servicesByPort(services: readonly Service[]): ReadonlyMap<number, ReadonlyMap<string, PortService>> {
  const byPort = new Map<number, Map<string, PortService>>()
  for (const service of services)
    for (const port of service.ports) {
      const hosts = byPort.get(port.number)
      if (hosts === undefined) byPort.set(port.number, new Map([[service.host, { service, port }]]))
      else hosts.set(service.host, { service, port })
    }
  return byPort
}

/** In order of their names; of two that claim a domain the first keeps it, and who has none left is left out. */
function virtualHostsOf(
  hosts: ReadonlyMap<string, PortService>,
  node: ProxyNode,
): readonly Piece<RouteConfiguration>[] {
  const taken = new Set<string>()
  const virtualHosts: Piece<RouteConfiguration>[] = []
  for (const host of [...hosts.keys()].sort()) {
    const { service, port } = hosts.get(host) as PortService
    if (!carriesHttp(port.protocol)) continue
    const domains = domainsOf(service, node).filter((domain) => {
      const lower = domain.toLowerCase()
      if (taken.has(lower)) return false
      taken.add(lower)
      return true
    })
    if (domains.length > 0) virtualHosts.push(virtualHostPiece({ service, port }, domains))
  }
  return virtualHosts
}

function virtualHost(service: Service, port: ServicePort, domains: string[]): VirtualHost {
  const name = `${service.host}:${port.number}`
  return create(VirtualHostSchema, {
    name,
    domains,
    routes: [defaultRoute(service, port)],
    includeRequestAttemptCount: true,
  })
}

/** No timeout, two retries of what surely did not reach the service (spec 3.7). */
function defaultRoute(service: Service, port: ServicePort): Route {
  const previousHosts = {
    name: 'envoy.retry_host_predicates.previous_hosts',
    configType: typedConfig(pack(PreviousHostsPredicateSchema, {})),
  }
  return create(RouteSchema, {
    name: 'default',
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: clusterName(service.host, port.number) },
        timeout: duration(0),
        maxGrpcTimeout: duration(0),
        retryPolicy: {
          retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
          numRetries: 2,
          retryHostPredicate: [previousHosts],
          hostSelectionRetryMaxAttempts: 5n,
        },
      },
    },
    decorator: { operation: `${service.host}:${port.number}/*` },
  })
}

/** What happens to hosts that nothing names (spec 3.10). */
function catchAll(policy: OutboundPolicy): VirtualHost {
  const name = policy === 'ALLOW_ANY' ? 'allow_any' : 'block_all'
  const action =
    policy === 'ALLOW_ANY'
      ? ({
          case: 'route',
          value: {
            clusterSpecifier: { case: 'cluster', value: PASSTHROUGH_CLUSTER },
            timeout: duration(0),
            maxGrpcTimeout: duration(0),
          },
        } as const)
      : ({ case: 'directResponse', value: { status: 502 } } as const)
  return create(VirtualHostSchema, {
    name,
    domains: ['*'],
    routes: [{ name, match: { pathSpecifier: { case: 'prefix', value: '/' } }, action }],
    includeRequestAttemptCount: true,
  })
}
