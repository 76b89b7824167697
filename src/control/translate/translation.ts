import { isIP } from 'node:net'
import type { MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import { Memo } from '#base/memo.ts'
import type { Mesh } from '#control/mesh/mesh.ts'
import type { Rejection, RejectionCode } from '#control/mesh/rejection.ts'
import type { Endpoint, Service } from '#control/mesh/service.ts'
import { endpointsOf } from '#control/mesh/service-endpoints.ts'
import { sidecarFor } from '#control/mesh/sidecar-scope.ts'
import { type VisibleServices, visibleServices } from '#control/mesh/visible-services.ts'
import type { Cluster } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import type { ClusterLoadAssignment } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import type { Listener } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import type { RouteConfiguration } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import type { NameTable } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import { accessLogsOf } from './access-log.ts'
import {
  BLACK_HOLE_CLUSTER,
  blackHoleCluster,
  PASSTHROUGH_CLUSTER,
  passthroughCluster,
  serviceCluster,
  type Upstream,
} from './clusters.ts'
import { type ListenerContext, listenerContext, outboundListener, virtualOutbound } from './listeners.ts'
import { loadAssignmentOf } from './load-assignment.ts'
import { clusterName } from './messages.ts'
import { hostNames, nameTables } from './name-table.ts'
import { type OutboundListener, outboundListeners } from './outbound-listeners.ts'
import { lasting, type OwnParts, standsAlone } from './own-parts.ts'
import type { ProxyNode } from './proxy-node.ts'
import { type Recipe, whole } from './recipe.ts'
import { routeConfigurations } from './routes.ts'

/** Everything that a proxy is sent, and what of the configuration it does not get. */
export interface Translation {
  readonly clusters: readonly Recipe<Cluster>[]
  /** For EDS clusters only. */
  readonly endpoints: readonly Recipe<ClusterLoadAssignment>[]
  readonly listeners: readonly Recipe<Listener>[]
  readonly routes: readonly Recipe<RouteConfiguration>[]
  readonly names: readonly Recipe<NameTable>[]
  readonly rejections: readonly Rejection[]
}

/** What translations made before: whoever translates again and again keeps one. */
export class TranslationMemory {
  /** Configurations that were made of the mesh's for proxies of their own. */
  readonly configs = new Memo<MeshConfig>()
  /** Of services that stand alone; undefined where a part of one has no effect, which is told with the others'. */
  readonly own = new Memo<OwnParts | undefined>()
}

/** Translates a mesh for one proxy (spec 3): pure, deterministic, linear in the number of services that the proxy sees. */
export function translate(mesh: Mesh, node: ProxyNode, memory = new TranslationMemory()): Translation {
  const sidecar = sidecarFor(mesh, node)
  const config = configFor(mesh, node, sidecar, memory)
  const visible = visibleServices(mesh, node.namespace, sidecar)
  const place: Place = { mesh, config, visible, node, context: listenerContext(config, accessLogsOf(config)) }
  const alone: OwnParts[] = []
  const together: Service[] = []
  for (const service of visible.listed) {
    const parts = standsAlone(service, visible, node) ? ownPartsOf(service, place, memory) : undefined
    if (parts === undefined) together.push(service)
    else alone.push(parts)
  }
  const { listeners, rejections } = outboundListeners(together, node)
  const upstreams = upstreamsOf(together, place)
  return {
    clusters: [
      whole(BLACK_HOLE_CLUSTER, config, 'black hole', [], () => blackHoleCluster(config)),
      whole(PASSTHROUGH_CLUSTER, config, 'passthrough', [], () => passthroughCluster(config)),
      ...upstreams.clusters,
      ...alone.flatMap(({ clusters }) => clusters),
    ],
    endpoints: [...upstreams.endpoints, ...alone.flatMap(({ endpoints }) => endpoints)],
    listeners: [
      ...listeners.map((listener) => outboundListener(listener, place.context)),
      ...alone.flatMap((parts) => parts.listeners),
      virtualOutbound(place.context, node),
    ],
    routes: routeConfigurations(routeNames(listeners), together, config, node),
    names: nameTables(
      together,
      alone.flatMap(({ names }) => names),
      config,
      node,
    ),
    rejections: [...mesh.rejections, ...visible.rejections, ...rejections, ...upstreams.rejections],
  }
}

/** What one translation is made from. */
interface Place {
  readonly mesh: Mesh
  readonly config: MeshConfig
  readonly visible: VisibleServices
  readonly node: ProxyNode
  readonly context: ListenerContext
}

function ownPartsOf(service: Service, place: Place, { own }: TranslationMemory): OwnParts | undefined {
  const { mesh, config, node, context } = place
  // Who else defines this host in its namespace has a say in its endpoints.
  const entries = mesh.entriesByHost.get(service.hostKey) ?? []
  return own.recall(service, node.ipFamilies, [config, ...entries], () => {
    const { listeners, rejections } = outboundListeners([service], node)
    const upstreams = upstreamsOf([service], place)
    if (rejections.length + upstreams.rejections.length > 0) return undefined
    return lasting({
      clusters: upstreams.clusters,
      endpoints: upstreams.endpoints,
      listeners: listeners.map((listener) => outboundListener(listener, context)),
      names: hostNames([service], node),
    })
  })
}

/**
 * The mesh's configuration, with the Sidecar's word on unknown destinations and the proxy's own on the access log: for as long as none of them changes the
 * same object. Of a Sidecar's policy the mode is applied.
 */
function configFor(
  { config }: Mesh,
  { accessLog }: ProxyNode,
  sidecar: Sidecar | undefined,
  { configs }: TranslationMemory,
): MeshConfig {
  const written = sidecar?.spec.outboundTrafficPolicy?.mode
  const mode =
    written === undefined ? config.outboundTrafficPolicy.mode : written === 'ALLOW_ANY' ? written : 'REGISTRY_ONLY'
  if (accessLog === undefined && mode === config.outboundTrafficPolicy.mode) return config
  const { file, encoding } = accessLog ?? { file: config.accessLogFile, encoding: config.accessLogEncoding }
  return configs.recall(config, 'of a proxy', [mode, file, encoding], () => ({
    ...config,
    outboundTrafficPolicy: { mode },
    accessLogFile: file,
    accessLogEncoding: encoding,
  }))
}

function routeNames(listeners: readonly OutboundListener[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { chains } of listeners)
    for (const { target } of chains) if (target.kind === 'http') names.add(target.routeConfig)
  return names
}

interface Upstreams {
  readonly clusters: Recipe<Cluster>[]
  readonly endpoints: Recipe<ClusterLoadAssignment>[]
  readonly rejections: Rejection[]
}

function upstreamsOf(services: readonly Service[], { mesh, config, visible, node }: Place): Upstreams {
  const { byHost, addressesByHost } = visible
  const upstreams: Upstreams = { clusters: [], endpoints: [], rejections: [] }
  const everywhere = config.outboundTrafficPolicy.mode === 'ALLOW_ANY' ? ANY_ADDRESS : []
  for (const host of new Set(services.map((service) => service.host))) {
    const service = byHost.get(host)
    if (service === undefined) continue
    const dialled = [...(addressesByHost.get(service.host) ?? []), ...everywhere]
    for (const port of service.ports)
      if (port.protocol !== 'UDP') addUpstream(upstreams, mesh, config, { service, port, dialled }, node)
  }
  return upstreams
}

/** Where whatever is dialled may go, the addresses of a named host are not looked at either. */
const ANY_ADDRESS = ['0.0.0.0/0', '::/0']

function addUpstream(to: Upstreams, mesh: Mesh, config: MeshConfig, upstream: Upstream, node: ProxyNode): void {
  const { service, port } = upstream
  const reject = (code: RejectionCode, message: string) =>
    to.rejections.push({ code, object: port.definedBy, path: 'spec.endpoints', message, because: undefined })
  const endpoints = usableEndpoints(service, endpointsOf(mesh, service, port), (unusable, why) =>
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
