import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import { OVERFLOW, type StreamWaiter } from './stream-pool.ts'

/** Those who wait for a stream to one host, in their order; each is one of the cluster's pending requests. */
export class WaitingList {
  readonly #cluster: UpstreamCluster
  readonly #waiting: StreamWaiter[] = []

  constructor(cluster: UpstreamCluster) {
    this.#cluster = cluster
  }

  get length(): number {
    return this.#waiting.length
  }

  /** False when the cluster may have no more: then the waiter has been told. */
  add(waiter: StreamWaiter): boolean {
    const { circuit, config } = this.#cluster
    if (circuit.pendingRequests >= config.maxPendingRequests) {
      waiter.onNoStream(OVERFLOW)
      return false
    }
    circuit.pendingRequests++
    this.#waiting.push(waiter)
    return true
  }

  /** Does nothing when it does not wait here. */
  remove(waiter: StreamWaiter): void {
    const at = this.#waiting.indexOf(waiter)
    if (at === -1) return
    this.#waiting.splice(at, 1)
    this.#cluster.circuit.pendingRequests--
  }

  takeFirst(): StreamWaiter | undefined {
    if (this.#waiting.length === 0) return undefined
    const waiter = this.#waiting.shift()
    this.#cluster.circuit.pendingRequests--
    return waiter
  }

  takeAll(): StreamWaiter[] {
    const waiting = this.#waiting.splice(0)
    this.#cluster.circuit.pendingRequests -= waiting.length
    return waiting
  }
}
