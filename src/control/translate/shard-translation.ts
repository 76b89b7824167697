import type { MeshShard } from '#control/mesh/mesh-shard.ts'
import type { Rejection } from '#control/mesh/rejection.ts'
import type { Service } from '#control/mesh/service.ts'
import { type VisibleServices, visibleServices } from '#control/mesh/visible-services.ts'
import { outboundListener } from './listeners.ts'
import { type HostName, hostNames, nameTable, shardName } from './name-table.ts'
import { outboundListeners } from './outbound-listeners.ts'
import { lasting, type OwnParts, standsAlone } from './own-parts.ts'
import type { Place } from './place.ts'
import type { TranslatedPart } from './translated-part.ts'
import type { TranslationMemory } from './translation-memory.ts'
import { upstreamsOf } from './upstreams.ts'

/** What a proxy gets of one shard of the mesh. */
export interface ShardTranslation {
  readonly shard: MeshShard
  /** Everything of services that stand alone; of the others their clusters, endpoints and names. */
  readonly part: TranslatedPart
  /** Those that share listeners or route tables with services of whichever shard. */
  readonly together: readonly Service[]
  /** For proxies that take the name table as one: the part has none of it. */
  readonly names: readonly HostName[]
  /** Of what is seen, and of the clusters. */
  readonly rejections: readonly Rejection[]
}

/** Translates one shard: depends on nothing but the shard and the place. */
export function translateShard(
  index: number,
  shard: MeshShard,
  place: Place,
  memory: TranslationMemory,
): ShardTranslation {
  const { node, sidecar, config } = place
  const visible = visibleServices(shard, node.namespace, sidecar)
  const alone: OwnParts[] = []
  const together: Service[] = []
  for (const service of visible.listed) {
    const parts = standsAlone(service, visible, node) ? ownPartsOf(service, shard, visible, place, memory) : undefined
    if (parts === undefined) together.push(service)
    else alone.push(parts)
  }
  const upstreams = upstreamsOf(together, { shard, visible, config, node, known: memory.endpoints })
  const names = [...hostNames(together, node), ...alone.flatMap((parts) => parts.names)]
  const inShards = node.nameTableShards && names.length > 0
  return {
    shard,
    part: {
      clusters: [...upstreams.clusters, ...alone.flatMap(({ clusters }) => clusters)],
      endpoints: [...upstreams.endpoints, ...alone.flatMap(({ endpoints }) => endpoints)],
      listeners: alone.flatMap(({ listeners }) => listeners),
      routes: [],
      names: inShards ? [nameTable(shardName(index), names, config)] : [],
    },
    together,
    names: node.nameTableShards ? [] : names,
    rejections: [...visible.rejections, ...upstreams.rejections],
  }
}

/** All that a service that stands alone is translated to; undefined where a part of it has no effect, which is told with the others'. */
function ownPartsOf(
  service: Service,
  shard: MeshShard,
  visible: VisibleServices,
  { node, config, context }: Place,
  { own, endpoints }: TranslationMemory,
): OwnParts | undefined {
  // Who else defines this host in its namespace has a say in its endpoints.
  const entries = shard.entriesByHost.get(service.hostKey) ?? []
  return own.recall(service, node.ipFamilies, [config, ...entries], () => {
    const { listeners, rejections } = outboundListeners([service], node)
    const upstreams = upstreamsOf([service], { shard, visible, config, node, known: endpoints })
    if (rejections.length + upstreams.rejections.length > 0) return undefined
    return lasting({
      clusters: upstreams.clusters,
      endpoints: upstreams.endpoints,
      listeners: listeners.map((listener) => outboundListener(listener, context)),
      names: hostNames([service], node),
    })
  })
}
