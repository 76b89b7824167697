import type { Host } from '#proxy/cluster/host.ts'
import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { StreamPool } from './stream-pool.ts'

export type PoolProtocol = 'http1' | 'http2'

export type CreatePool = (protocol: PoolProtocol, cluster: UpstreamCluster, host: Host) => StreamPool

/** Sweeping more often would cost more than the pools that it finds. */
const SWEEP_EVERY = 1024

/** All pools of one proxy: by cluster object, then by host. ORIGINAL_DST clusters have a pool per address that was dialled. */
export class Pools {
  readonly #create: CreatePool
  readonly #byCluster = new Map<UpstreamCluster, Map<string, StreamPool>>()
  #created = 0

  constructor(create: CreatePool) {
    this.#create = create
  }

  get(protocol: PoolProtocol, cluster: UpstreamCluster, host: Host): StreamPool {
    const pools = this.#byCluster.get(cluster) ?? this.#adopt(cluster)
    const key = protocol === 'http1' ? host.text : `h2 ${host.text}`
    let pool = pools.get(key)
    if (pool === undefined) {
      if (++this.#created % SWEEP_EVERY === 0) sweep(pools)
      pool = this.#create(protocol, cluster, host)
      pools.set(key, pool)
    }
    return pool
  }

  close(): void {
    for (const pools of this.#byCluster.values()) retireAll(pools)
    this.#byCluster.clear()
  }

  #adopt(cluster: UpstreamCluster): Map<string, StreamPool> {
    const pools = new Map<string, StreamPool>()
    this.#byCluster.set(cluster, pools)
    cluster.onRetired(() => {
      retireAll(pools)
      this.#byCluster.delete(cluster)
    })
    return pools
  }
}

function retireAll(pools: ReadonlyMap<string, StreamPool>): void {
  for (const pool of pools.values()) pool.retire()
}

/** Hosts come and go; their empty pools must not stay for ever. */
function sweep(pools: Map<string, StreamPool>): void {
  for (const [key, pool] of pools) if (pool.empty) pools.delete(key)
}
