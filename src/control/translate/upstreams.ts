import { isIP } from 'node:net'
import type { MeshConfig } from '#api/mesh-config.ts'
import type { Memo } from '#base/memo.ts'
import type { MeshShard } from '#control/mesh/mesh-shard.ts'
import type { Rejection, RejectionCode } from '#control/mesh/rejection.ts'
import type { Endpoint, Service } from '#control/mesh/service.ts'
import { endpointsOf } from '#control/mesh/service-endpoints.ts'
import type { VisibleServices } from '#control/mesh/visible-services.ts'
import type { Cluster } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import type { ClusterLoadAssignment } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { serviceCluster, type Upstream } from './clusters.ts'
import { loadAssignmentOf } from './load-assignment.ts'
import { clusterName } from './messages.ts'
import type { ProxyNode } from './proxy-node.ts'
import { type Recipe, whole } from './recipe.ts'

/** What clusters are made from beside the services. */
export interface UpstreamContext {
  readonly shard: MeshShard
  readonly visible: VisibleServices
  readonly config: MeshConfig
  readonly node: ProxyNode
  /** What `endpointsOf` made before. */
  readonly known: Memo<readonly Endpoint[]>
}

export interface Upstreams {
  readonly clusters: Recipe<Cluster>[]
  readonly endpoints: Recipe<ClusterLoadAssignment>[]
  readonly rejections: Rejection[]
}

/** The clusters of services, all of one shard, and the endpoints of those that have them apart. */
export function upstreamsOf(services: readonly Service[], context: UpstreamContext): Upstreams {
  const { config, visible } = context
  const { byHost, addressesByHost } = visible
  const upstreams: Upstreams = { clusters: [], endpoints: [], rejections: [] }
  const everywhere = config.outboundTrafficPolicy.mode === 'ALLOW_ANY' ? ANY_ADDRESS : []
  for (const host of new Set(services.map((service) => service.host))) {
    const service = byHost.get(host)
    if (service === undefined) continue
    const dialled = [...(addressesByHost.get(service.host) ?? []), ...everywhere]
    for (const port of service.ports)
      if (port.protocol !== 'UDP') addUpstream(upstreams, { service, port, dialled }, context)
  }
  return upstreams
}

/** Where whatever is dialled may go, the addresses of a named host are not looked at either. */
const ANY_ADDRESS = ['0.0.0.0/0', '::/0']

function addUpstream(to: Upstreams, upstream: Upstream, { shard, config, node, known }: UpstreamContext): void {
  const { service, port } = upstream
  const reject = (code: RejectionCode, message: string) =>
    to.rejections.push({ code, object: port.definedBy, path: 'spec.endpoints', message, because: undefined })
  const endpoints = usableEndpoints(service, endpointsOf(shard, service, port, known), (unusable, why) =>
    reject('unusable-endpoint', `endpoint "${unusable.address}" of host "${service.host}" is left out: ${why}`),
  )
  if (service.resolution.startsWith('DNS') && endpoints.length === 0) {
    reject('no-endpoints', `host "${service.host}" has no endpoint to resolve: it gets no cluster`)
    return
  }
  const name = clusterName(service.host, port.number)
  to.clusters.push(
    whole(name, port, 'cluster', [config, service, endpoints, node.ipFamilies, ...upstream.dialled], () =>
      serviceCluster(upstream, endpoints, config, node),
    ),
  )
  if (service.resolution === 'STATIC')
    to.endpoints.push(whole(name, port, 'endpoints', [endpoints], () => loadAssignmentOf(name, endpoints)))
}

/** Envoy refuses a whole cluster for one endpoint that its type cannot hold: such endpoints are left out instead. */
function usableEndpoints(
  { resolution }: Service,
  endpoints: readonly Endpoint[],
  reject: (endpoint: Endpoint, why: string) => void,
): readonly Endpoint[] {
  if (resolution === 'STATIC') {
    const unusable = endpoints.filter(({ port, address }) => port !== 0 && isIP(address) === 0)
    for (const endpoint of unusable) reject(endpoint, 'resolution STATIC takes IP addresses and Unix sockets only')
    return unusable.length === 0 ? endpoints : endpoints.filter((endpoint) => !unusable.includes(endpoint))
  }
  if (resolution !== 'DNS_ROUND_ROBIN' || endpoints.length < 2) return endpoints
  for (const endpoint of endpoints.slice(1)) reject(endpoint, 'resolution DNS_ROUND_ROBIN takes one endpoint')
  return endpoints.slice(0, 1)
}
