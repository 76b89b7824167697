import type { Cluster } from '#proxy/config/model.ts'
import type { Circuit, Destination, HostChoice, UpstreamCluster } from './upstream-cluster.ts'

/** What all cluster types share: configuration, circuit, retirement. */
export abstract class BaseCluster implements UpstreamCluster {
  readonly config: Cluster
  readonly circuit: Circuit
  private retired = false
  private readonly retiring: (() => void)[] = []

  constructor(config: Cluster, circuit: Circuit) {
    this.config = config
    this.circuit = circuit
  }

  abstract pickHost(originalDst: Destination): HostChoice

  /** Types that never wait call back at once. */
  whenResolved(callback: () => void): () => void {
    const immediate = setImmediate(callback)
    return () => clearImmediate(immediate)
  }

  onRetired(callback: () => void): void {
    if (this.retired) callback()
    else this.retiring.push(callback)
  }

  /** Called once by Clusters. */
  retire(): void {
    this.retired = true
    for (const callback of this.retiring.splice(0)) callback()
  }
}
