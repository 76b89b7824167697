import { listenerClass } from '#control/mesh/protocol.ts'
import type { Service } from '#control/mesh/service.ts'
import type { VisibleServices } from '#control/mesh/visible-services.ts'
import type { Cluster } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import type { ClusterLoadAssignment } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import type { Listener } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import type { HostName } from './name-table.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { Recipe } from './recipe.ts'

/** All that a service is translated to that shares nothing with another. */
export interface OwnParts {
  readonly clusters: readonly Recipe<Cluster>[]
  readonly endpoints: readonly Recipe<ClusterLoadAssignment>[]
  readonly listeners: readonly Recipe<Listener>[]
  readonly names: readonly HostName[]
}

/**
 * Whether what a service is translated to depends on no other service: its host is its own, and so is the virtual IP that its listeners are bound to, and
 * none of its ports has routes. Most of a large mesh is of this kind, and costs a change elsewhere next to nothing.
 */
export function standsAlone(service: Service, { sharedHosts }: VisibleServices, { dnsCapture }: ProxyNode): boolean {
  return (
    dnsCapture &&
    service.virtualIps !== undefined &&
    service.ports.every(({ protocol }) => listenerClass(protocol) === 'tcp') &&
    !sharedHosts.has(service.host)
  )
}

/** The same parts, to come again as these objects. */
export function lasting(parts: OwnParts): OwnParts {
  const mark = <Item extends object>(item: Item): Item & { readonly lasting: true } => ({ ...item, lasting: true })
  return {
    clusters: parts.clusters.map(mark),
    endpoints: parts.endpoints.map(mark),
    listeners: parts.listeners.map(mark),
    names: parts.names.map((name) => ({ ...name, piece: mark(name.piece) })),
  }
}
