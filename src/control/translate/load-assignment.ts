import { create } from '@bufbuild/protobuf'
import type { Endpoint } from '#control/mesh/service.ts'
import {
  type LbEndpoint,
  LbEndpointSchema,
  type LocalityLbEndpoints,
  LocalityLbEndpointsSchema,
} from '#xds/gen/envoy/config/endpoint/v3/endpoint_components_pb.js'
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { addressOf } from './messages.ts'

/** The endpoints of one cluster, grouped by locality, localities in order of their text; a locality weighs what its endpoints do. */
export function loadAssignmentOf(clusterName: string, endpoints: readonly Endpoint[]): ClusterLoadAssignment {
  const byLocality = new Map<string, Endpoint[]>()
  for (const endpoint of endpoints) {
    const group = byLocality.get(endpoint.locality)
    if (group === undefined) byLocality.set(endpoint.locality, [endpoint])
    else group.push(endpoint)
  }
  const localities = [...byLocality.keys()].sort()
  return create(ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: localities.map((locality) => localityEndpoints(locality, byLocality.get(locality) ?? [])),
  })
}

function localityEndpoints(locality: string, endpoints: readonly Endpoint[]): LocalityLbEndpoints {
  const [region = '', zone = '', subZone = ''] = locality.split('/')
  const weight = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0)
  return create(LocalityLbEndpointsSchema, {
    locality: { region, zone, subZone },
    lbEndpoints: endpoints.map(lbEndpoint),
    loadBalancingWeight: Math.min(weight, 0xffffffff),
  })
}

function lbEndpoint({ address, port, weight }: Endpoint): LbEndpoint {
  return create(LbEndpointSchema, {
    hostIdentifier: { case: 'endpoint', value: { address: addressOf(address, port) } },
    loadBalancingWeight: weight,
  })
}
