import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf'
import { messageOf } from '#base/fault.ts'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE } from '#xds/type-url.ts'
import { type DecodedCluster, decodeCluster } from './decode-cluster.ts'
import { decodeEndpoints } from './decode-endpoint.ts'
import { decodeListener } from './decode-listener.ts'
import { decodeNameTable } from './decode-name-table.ts'
import { decodeRouteTable } from './decode-route.ts'
import type { Endpoint, Listener, NameRecord, RouteTable } from './model.ts'
import { type Findings, Place } from './place.ts'

/** What each type of resource becomes. */
export interface DecodedByType {
  [CLUSTER_TYPE]: DecodedCluster
  [ENDPOINT_TYPE]: readonly Endpoint[]
  /** Undefined: a listener that the proxy leaves alone (inbound). */
  [LISTENER_TYPE]: Listener | undefined
  [ROUTE_TYPE]: RouteTable
  [NAME_TABLE_TYPE]: ReadonlyMap<string, NameRecord>
}

type Decoders = {
  readonly [Type in keyof DecodedByType]: (
    resource: EncodedResource,
    findings: Findings,
  ) => DecodedByType[Type] | undefined
}

const DECODERS: Decoders = {
  [CLUSTER_TYPE]: decoder('cluster', ClusterSchema, decodeCluster),
  [ENDPOINT_TYPE]: decoder('endpoint set', ClusterLoadAssignmentSchema, decodeEndpoints),
  [LISTENER_TYPE]: decoder('listener', ListenerSchema, decodeListener),
  [ROUTE_TYPE]: decoder('route table', RouteConfigurationSchema, decodeRouteTable),
  [NAME_TABLE_TYPE]: decoder('name table', NameTableSchema, decodeNameTable),
}

/** Decodes one resource. What it returns is usable only when nothing was added to `findings.errors`. */
export function decodeResource<Type extends keyof DecodedByType>(
  typeUrl: Type,
  resource: EncodedResource,
  findings: Findings,
): DecodedByType[Type] | undefined {
  return DECODERS[typeUrl](resource, findings)
}

function decoder<Desc extends DescMessage, Decoded>(
  kind: string,
  schema: Desc,
  decode: (message: MessageShape<Desc>, place: Place) => Decoded,
) {
  return (resource: EncodedResource, findings: Findings): Decoded | undefined => {
    const place = new Place(findings, `${kind} "${resource.name}"`)
    try {
      return decode(fromBinary(schema, resource.value), place)
    } catch (thrown) {
      place.error(`does not decode as ${schema.typeName}: ${messageOf(thrown)}`)
      return undefined
    }
  }
}
