import { HealthStatus } from '#xds/gen/envoy/config/core/v3/health_check_pb.js'
import type { LbEndpoint } from '#xds/gen/envoy/config/endpoint/v3/endpoint_components_pb.js'
import type { ClusterLoadAssignment } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { decodeAddress } from './decode-address.ts'
import type { Endpoint } from './model.ts'
import type { Place } from './place.ts'

/** Fields that our generated types leave out and without which endpoints would be missed (endpoint_components.proto). */
const REFUSED_LOCALITY_FIELDS = { 7: 'load_balancer_endpoints', 8: 'leds_cluster_locality_config' }
/** Metadata that selects one of the cluster's transport_socket_matches: for Istio, mutual TLS. */
const TRANSPORT_MATCH = 'envoy.transport_socket_match'
const USABLE: ReadonlySet<HealthStatus> = new Set([HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED])

/** The endpoints of one cluster, of all localities. */
export function decodeEndpoints(assignment: ClusterLoadAssignment, place: Place): Endpoint[] {
  return assignment.endpoints.flatMap((locality, index) => {
    const at = place.at(`endpoints[${index}]`)
    at.refuseUnknown(locality, REFUSED_LOCALITY_FIELDS)
    return locality.lbEndpoints.flatMap(
      (endpoint, inner) => decodeEndpoint(endpoint, locality.priority, at.at(`lb_endpoints[${inner}]`)) ?? [],
    )
  })
}

function decodeEndpoint(endpoint: LbEndpoint, priority: number, place: Place): Endpoint | undefined {
  if (endpoint.hostIdentifier.case !== 'endpoint') {
    place.error('endpoint is not set')
    return undefined
  }
  const address = decodeAddress(endpoint.hostIdentifier.value.address, place.at('endpoint.address'))
  const weight = endpoint.loadBalancingWeight ?? 1
  if (weight === 0) place.at('load_balancing_weight').error('must be 1 or more, is 0')
  const needsTransport = Object.keys(endpoint.metadata?.filterMetadata[TRANSPORT_MATCH] ?? {}).length > 0
  if (needsTransport) place.note(`is not used: "${TRANSPORT_MATCH}" asks for a transport that is not supported`)
  return address && { ...address, weight, priority, healthy: !needsTransport && USABLE.has(endpoint.healthStatus) }
}
