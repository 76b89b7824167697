import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, fromBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { Cluster_DiscoveryType } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { ResourceSet } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { staticEnvoyBootstrap } from './envoy-bootstrap.ts'
import { spawnEnvoy } from './envoy-process.ts'
import { clusterResource, httpWith, listenerResource, socketAddress } from './resources.ts'

/** What `envoy --mode validate` says against resources; empty when it accepts them. */
export async function validateByEnvoy(resources: ResourceSet): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-validate-'))
  try {
    const log = join(directory, 'log')
    const bootstrap = join(directory, 'bootstrap.pb')
    writeFileSync(bootstrap, staticResources(resources))
    const overlay = staticEnvoyBootstrap({
      nodeId: 'validate',
      protocol: 'DELTA_GRPC',
      xdsPath: join(directory, 'xds'),
    })
    const child = spawnEnvoy(['--mode', 'validate', '-c', bootstrap, '--config-yaml', JSON.stringify(overlay)], log)
    const timeout = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const [status] = await once(child, 'exit')
    clearTimeout(timeout)
    return status === 0 ? [] : [readFileSync(log, 'utf8').trim()]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A Bootstrap of which only static_resources (field 2) is set, to listeners (1) and clusters (2), byte for byte as they are sent. */
function staticResources(resources: ResourceSet): Uint8Array {
  const writer = new BinaryWriter()
  const listeners = [...valuesOf(resources, LISTENER_TYPE), ...valuesOf(resources, ROUTE_TYPE).map(listenerOfRoutes)]
  const clusters = [...valuesOf(resources, CLUSTER_TYPE), ...valuesOf(resources, ENDPOINT_TYPE).map(clusterOfEndpoints)]
  for (const { value } of listeners) writer.tag(1, WireType.LengthDelimited).bytes(value)
  for (const { value } of clusters) writer.tag(2, WireType.LengthDelimited).bytes(value)
  return new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(writer.finish()).finish()
}

function valuesOf(resources: ResourceSet, typeUrl: TypeUrl): EncodedResource[] {
  return [...(resources.byType.get(typeUrl) ?? [])]
}

/** Static configuration has no place for a route table but inside a listener. */
function listenerOfRoutes({ name, value }: EncodedResource, index: number): EncodedResource {
  const routes = fromBinary(RouteConfigurationSchema, value)
  // As Envoy does for routes that come over RDS: inside a listener the default is the other way round.
  routes.validateClusters ??= false
  const manager = httpWith(name, { routeSpecifier: { case: 'routeConfig', value: routes } })
  return listenerResource(`routes of ${name}`, {
    address: socketAddress('127.0.0.255', index + 1),
    filterChains: [{ filters: [manager] }],
  })
}

/** Nor for endpoints but inside a cluster. */
function clusterOfEndpoints({ name, value }: EncodedResource): EncodedResource {
  return clusterResource(`endpoints of ${name}`, {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: create(ClusterLoadAssignmentSchema, fromBinary(ClusterLoadAssignmentSchema, value)),
  })
}
