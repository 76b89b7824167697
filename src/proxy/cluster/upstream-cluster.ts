import type { Cluster } from '#proxy/config/model.ts'
import type { Host } from './host.ts'

/** Where the application dialled. */
export interface Destination {
  readonly address: string
  readonly port: number
}

/** Which host a connection or request goes to. */
export type HostChoice =
  | { readonly kind: 'host'; readonly host: Host }
  /** The names of this cluster have never been resolved: `wait`, then ask again. */
  | { readonly kind: 'pending' }
  /** Envoy's "no healthy upstream" (flag UH); `reason` says why there is none, for people. */
  | { readonly kind: 'none'; readonly reason: string }
  /** The address may not be dialled: a denial. */
  | { readonly kind: 'refused'; readonly reason: AddressRefusal }

/**
 * `address_mismatch`: it was never answered for the host; `local_address`: it means this machine, its link, or its cloud;
 * `made_up_address`: it stands for a name, whose own entries did not take the call.
 */
export type AddressRefusal = 'address_mismatch' | 'local_address' | 'made_up_address'

/** What is in use of a cluster, against its circuit breaker. Outlives changes of the cluster's configuration. */
export class Circuit {
  connections = 0
  pendingRequests = 0
  requests = 0
}

/**
 * The running state of one cluster. The same object stays while the cluster's configuration stays; a changed configuration makes
 * a new one, and this one is retired: connections keep it and go on.
 */
export interface UpstreamCluster {
  readonly config: Cluster
  readonly circuit: Circuit
  /**
   * Chooses by the cluster's type and load balancing policy; never waits.
   * @param originalDst where the application dialled: what ORIGINAL_DST clusters connect to
   */
  pickHost(originalDst: Destination): HostChoice
  /**
   * After 'pending': calls back once, when the first answer has come, resolving has failed, or the connect timeout has passed:
   * then `pickHost` no longer says 'pending'. Returns what cancels the wait.
   */
  whenResolved(callback: () => void): () => void
  /** Runs `callback` once when this cluster has been replaced or removed: close what idles. */
  onRetired(callback: () => void): void
}
