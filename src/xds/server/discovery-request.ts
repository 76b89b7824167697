import { fromBinary } from '@bufbuild/protobuf'
import type { Node } from '#xds/gen/envoy/config/core/v3/base_pb.js'
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from '#xds/gen/envoy/service/discovery/v3/discovery_pb.js'
import type { NodeIdentity } from '#xds/resource-set.ts'
import type { TypeUrl } from '#xds/type-url.ts'
import { type Subscription, subscriptionFromDelta, subscriptionFromSotw } from './subscription.ts'

/** What a client says, the same for both protocols. */
export interface DiscoveryRequest {
  /** On the first request of a stream at least. */
  readonly node: NodeIdentity | undefined
  readonly typeUrl: string
  /** Of the response that this answers; empty when it answers none. */
  readonly nonce: string
  /** Why the response was refused; undefined when it was not. */
  readonly refusal: string | undefined
  /** Versions that a reconnecting client still holds (delta only). */
  readonly held: Readonly<Record<string, string>>
  subscription(typeUrl: TypeUrl, previous: Subscription | undefined): Subscription
  /** Names that must be sent again although the client may have them. */
  renewed(previous: Subscription | undefined): Iterable<string>
}

/** Reads a DiscoveryRequest of StreamAggregatedResources. Throws when the bytes are no such message. */
export function readSotwRequest(bytes: Uint8Array): DiscoveryRequest {
  const request = fromBinary(DiscoveryRequestSchema, bytes)
  return {
    node: identityOf(request.node),
    typeUrl: request.typeUrl,
    nonce: request.responseNonce,
    refusal: request.errorDetail?.message,
    held: {},
    subscription: (typeUrl, previous) => subscriptionFromSotw(typeUrl, previous, request.resourceNames),
    renewed: (previous) => request.resourceNames.filter((name) => !previous?.names.has(name)),
  }
}

/** Reads a DeltaDiscoveryRequest of DeltaAggregatedResources. Throws when the bytes are no such message. */
export function readDeltaRequest(bytes: Uint8Array): DiscoveryRequest {
  const request = fromBinary(DeltaDiscoveryRequestSchema, bytes)
  return {
    node: identityOf(request.node),
    typeUrl: request.typeUrl,
    nonce: request.responseNonce,
    refusal: request.errorDetail?.message,
    held: request.initialResourceVersions,
    subscription: (typeUrl, previous) =>
      subscriptionFromDelta(typeUrl, previous, request.resourceNamesSubscribe, request.resourceNamesUnsubscribe),
    renewed: () => request.resourceNamesSubscribe,
  }
}

function identityOf(node: Node | undefined): NodeIdentity | undefined {
  return node === undefined ? undefined : { id: node.id, cluster: node.cluster, metadata: node.metadata ?? {} }
}
