import { sameInputs } from '#base/memo.ts'
import type { Mesh } from '#control/mesh/mesh.ts'
import type { Rejection } from '#control/mesh/rejection.ts'
import type { Service } from '#control/mesh/service.ts'
import { inOrder } from '#control/mesh/visible-services.ts'
import { BLACK_HOLE_CLUSTER, blackHoleCluster, PASSTHROUGH_CLUSTER, passthroughCluster } from './clusters.ts'
import { outboundListener, virtualOutbound } from './listeners.ts'
import { NAME_TABLE, nameTable } from './name-table.ts'
import { type OutboundListener, outboundListeners } from './outbound-listeners.ts'
import { isSamePlace, type Place, placeOf } from './place.ts'
import type { ProxyNode } from './proxy-node.ts'
import { whole } from './recipe.ts'
import { routeConfigurations } from './routes.ts'
import { type ShardTranslation, translateShard } from './shard-translation.ts'
import type { TranslatedPart } from './translated-part.ts'
import { TranslationMemory } from './translation-memory.ts'

/** Everything that a proxy is sent, and what of the configuration it does not get. */
export interface Translation {
  /** All resources; no two parts have one of the same type and name. A part in which nothing changed is the same object as in the translation before. */
  readonly parts: readonly TranslatedPart[]
  readonly rejections: readonly Rejection[]
  /** What it was put together from, for the next one. */
  readonly made: {
    readonly place: Place
    readonly shards: readonly ShardTranslation[]
    readonly shared: SharedTranslation
  }
}

/** What services of different shards have in common: listeners at one address, route tables of one port. */
interface SharedTranslation {
  readonly services: readonly Service[]
  readonly part: TranslatedPart
  readonly rejections: readonly Rejection[]
}

/**
 * Translates a mesh for one proxy (spec 3): pure, deterministic, linear in the number of services that the proxy sees.
 * @param before the translation of an earlier mesh for the same proxy: what nothing changed of is taken over from it, so that a change costs what it changes
 */
export function translate(
  mesh: Mesh,
  node: ProxyNode,
  memory = new TranslationMemory(),
  before?: Translation,
): Translation {
  const place = placeOf(mesh, node, memory)
  const known = before !== undefined && isSamePlace(before.made.place, place) ? before.made : undefined
  const shards = mesh.shards.map((shard, index) => {
    const last = known?.shards[index]
    return last?.shard === shard ? last : translateShard(index, shard, place, memory)
  })
  const services = inOrder(
    shards.flatMap(({ together }) => together),
    place.node.namespace,
  )
  const shared =
    known !== undefined && sameInputs(known.shared.services, services) ? known.shared : translateShared(services, place)
  return {
    parts: [shared.part, wholeNameTable(shards, place), ...shards.map(({ part }) => part)],
    rejections: [...mesh.rejections, ...shards.flatMap(({ rejections }) => rejections), ...shared.rejections],
    made: { place, shards, shared },
  }
}

function translateShared(services: readonly Service[], { node, config, context }: Place): SharedTranslation {
  const { listeners, rejections } = outboundListeners(services, node)
  const part = {
    clusters: [
      whole(BLACK_HOLE_CLUSTER, config, 'black hole', [], () => blackHoleCluster(config)),
      whole(PASSTHROUGH_CLUSTER, config, 'passthrough', [], () => passthroughCluster(config)),
    ],
    endpoints: [],
    listeners: [...listeners.map((listener) => outboundListener(listener, context)), virtualOutbound(context, node)],
    routes: routeConfigurations(routeNames(listeners), services, config, node),
    names: [],
  }
  return { services, part, rejections }
}

const NOTHING: TranslatedPart = { clusters: [], endpoints: [], listeners: [], routes: [], names: [] }

/** Who does not take the name table in parts has all of it anew with each name. */
function wholeNameTable(shards: readonly ShardTranslation[], { node, config }: Place): TranslatedPart {
  if (node.nameTableShards) return NOTHING
  const names = shards.flatMap((shard) => shard.names)
  return { ...NOTHING, names: [nameTable(NAME_TABLE, names, config)] }
}

function routeNames(listeners: readonly OutboundListener[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { chains } of listeners)
    for (const { target } of chains) if (target.kind === 'http') names.add(target.routeConfig)
  return names
}
