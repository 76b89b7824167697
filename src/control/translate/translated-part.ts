import type { Cluster } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import type { ClusterLoadAssignment } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import type { Listener } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import type { RouteConfiguration } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import type { NameTable } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { Recipe } from './recipe.ts'

/** Some of the resources that a proxy is sent. */
export interface TranslatedPart {
  readonly clusters: readonly Recipe<Cluster>[]
  /** For EDS clusters only. */
  readonly endpoints: readonly Recipe<ClusterLoadAssignment>[]
  readonly listeners: readonly Recipe<Listener>[]
  readonly routes: readonly Recipe<RouteConfiguration>[]
  readonly names: readonly Recipe<NameTable>[]
}
