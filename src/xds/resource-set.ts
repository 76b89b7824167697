import type { EncodedResource, ResourceMap } from './resource-map.ts'
import type { TypeUrl } from './type-url.ts'

/** Everything one client should have: per type, resources by name. Immutable; a change is a new set. */
export interface ResourceSet {
  /** Shown to people: in denials, `proxy-config`, statuses. */
  readonly version: string
  readonly byType: ReadonlyMap<TypeUrl, ResourceMap>
}

/** Who a client is (envoy.config.core.v3.Node, reduced to what selects its resources). */
export interface NodeIdentity {
  /** e.g. "sidecar~127.0.0.1~curl.default~default.svc.cluster.local" (spec 7.1) */
  readonly id: string
  readonly cluster: string
  readonly metadata: Readonly<Record<string, unknown>>
}

/** What a server serves from: the control plane implements it, the xDS server knows no more of resources than this. */
export interface ResourceSource {
  /** What this node should have now; undefined while the first translation is not done (the client waits). */
  current(node: NodeIdentity): ResourceSet | undefined
  /** Calls `onChange` after `current(node)` changed; returns the unsubscribe function. */
  watch(node: NodeIdentity, onChange: () => void): () => void
}

/** What happened to a push, for status and logs. */
export type PushOutcome =
  | { readonly kind: 'ack'; readonly node: NodeIdentity; readonly typeUrl: TypeUrl; readonly nonce: string }
  | {
      readonly kind: 'nack'
      readonly node: NodeIdentity
      readonly typeUrl: TypeUrl
      readonly nonce: string
      readonly reason: string
    }

/** What a client's owner is told: one type's changes, in the order of TYPE_URLS within one push. */
export interface ResourceUpdate {
  readonly typeUrl: TypeUrl
  readonly changed: readonly EncodedResource[]
  readonly removed: readonly string[]
  /** system_version_info of the response: what people see as the configuration version. */
  readonly systemVersion: string
}
