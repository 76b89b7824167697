import { buildMesh, type Mesh } from '#control/mesh/mesh.ts'
import type { Rejection } from '#control/mesh/rejection.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { type ProxyNode, proxyNodeOf, viewKey } from '#control/translate/proxy-node.ts'
import { translate } from '#control/translate/translation.ts'
import type { EncodedResource, NodeIdentity, ResourceSet, ResourceSource } from '#xds/resource-set.ts'
import { TYPE_URLS, type TypeUrl } from '#xds/type-url.ts'
import { type EncodedPool, encode } from './encode.ts'

/** Views that nobody watches are kept this many, so that a node that reconnects costs nothing. */
const IDLE_VIEWS = 64

/** What the nodes of one view (namespace, address families, ...) have, and who wants to know of a change. */
interface View {
  readonly node: ProxyNode
  readonly watchers: Set<() => void>
  set: ResourceSet
  rejections: readonly Rejection[]
}

/** Resource sets made of configurations; proxies that see the same share one (see viewKey). */
export interface SnapshotSource extends ResourceSource {
  /**
   * Takes a new configuration: views that are in use are translated again, and those that changed are told, all after the
   * last one is ready.
   */
  update(input: ConfigInput): void
  /** What of the configuration this node does not get; undefined before the first configuration. */
  rejections(node: NodeIdentity): readonly Rejection[] | undefined
}

/** A source that has nothing until its first `update`: nodes that come earlier wait. */
export function createSnapshotSource(): SnapshotSource {
  let mesh: Mesh | undefined
  const views = new Map<string, View>()
  const waiting = new Map<string, { readonly node: ProxyNode; readonly watchers: Set<() => void> }>()

  function viewOf(node: ProxyNode): View | undefined {
    const key = viewKey(node)
    const known = views.get(key)
    if (known !== undefined || mesh === undefined) return known
    const view: View = { node, watchers: new Set(), ...render(mesh, node, createPool(views.values())) }
    views.set(key, view)
    dropIdle(views, key)
    return view
  }

  function watchersOf(node: ProxyNode): Set<() => void> {
    const view = viewOf(node)
    if (view !== undefined) return view.watchers
    const key = viewKey(node)
    const known = waiting.get(key) ?? { node, watchers: new Set<() => void>() }
    waiting.set(key, known)
    return known.watchers
  }

  function update(input: ConfigInput): void {
    const next = buildMesh(input)
    const pool = createPool(views.values())
    const watched = [...views.values()].filter((view) => view.watchers.size > 0)
    // Everything is made before anything is replaced: a fault here leaves the last good state as it is.
    const remade = watched.map((view) => ({ view, made: render(next, view.node, pool) }))
    const awaited = [...waiting].map(([key, view]) => ({ key, view: { ...view, ...render(next, view.node, pool) } }))
    mesh = next
    waiting.clear()
    for (const [key, view] of views) if (view.watchers.size === 0) views.delete(key)
    for (const { key, view } of awaited) views.set(key, view)
    const changed = awaited.map(({ view }) => view)
    for (const { view, made } of remade) {
      view.rejections = made.rejections
      if (made.set.version === view.set.version) continue
      view.set = made.set
      changed.push(view)
    }
    for (const { watchers } of changed) for (const onChange of [...watchers]) onChange()
  }

  return {
    update,
    current: (identity) => viewOf(proxyNodeOf(identity))?.set,
    rejections: (identity) => viewOf(proxyNodeOf(identity))?.rejections,
    watch(identity, onChange) {
      // One entry per call: the same function may watch twice.
      const told = () => onChange()
      const watchers = watchersOf(proxyNodeOf(identity))
      watchers.add(told)
      return () => watchers.delete(told)
    },
  }
}

function render(mesh: Mesh, node: ProxyNode, pool: EncodedPool): Pick<View, 'set' | 'rejections'> {
  const translation = translate(mesh, node)
  return { set: encode(translation, pool), rejections: translation.rejections }
}

/** Drops the oldest views without watchers; the one just made is about to be used. */
function dropIdle(views: Map<string, View>, justMade: string): void {
  const idle = [...views].filter(([key, view]) => view.watchers.size === 0 && key !== justMade)
  for (const [key] of idle.slice(0, Math.max(0, idle.length - IDLE_VIEWS))) views.delete(key)
}

/** A pool that starts with what the views hold now: a resource that did not change stays the same object. */
function createPool(views: Iterable<View>): EncodedPool {
  const byType = new Map<TypeUrl, Map<string, EncodedResource>>(TYPE_URLS.map((typeUrl) => [typeUrl, new Map()]))
  const share = (typeUrl: TypeUrl, resource: EncodedResource): EncodedResource => {
    const pooled = byType.get(typeUrl)
    const key = `${resource.name} ${resource.version}`
    const known = pooled?.get(key)
    if (known !== undefined) return known
    pooled?.set(key, resource)
    return resource
  }
  for (const { set } of views)
    for (const [typeUrl, resources] of set.byType) for (const resource of resources.values()) share(typeUrl, resource)
  return { share }
}
