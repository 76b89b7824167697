import type { ServiceEntry } from '#api/service-entry.ts'
import { type Mesh, MeshBuilder, virtualIpsOfEntry } from '#control/mesh/mesh.ts'
import type { Rejection } from '#control/mesh/rejection.ts'
import type { VirtualIps } from '#control/mesh/virtual-ips.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { type ProxyNode, proxyNodeOf, translationKey, viewKey } from '#control/translate/proxy-node.ts'
import { type Translation, translate } from '#control/translate/translation.ts'
import { TranslationMemory } from '#control/translate/translation-memory.ts'
import type { NodeIdentity, ResourceSet, ResourceSource } from '#xds/resource-set.ts'
import { Encoder } from './encoder.ts'

/** Views that nobody watches are kept this many, so that a node that reconnects costs nothing. */
const IDLE_VIEWS = 64

/** What was made of a mesh for the nodes of a view. */
interface Rendered {
  readonly translation: Translation
  readonly set: ResourceSet
}

/** What the nodes of one view (namespace, address families, ...) have, and who wants to know of a change. */
interface View {
  readonly node: ProxyNode
  readonly watchers: Set<() => void>
  rendered: Rendered
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
  /** What of the configuration somebody does not get, of those that are connected and of a proxy in namespace `default`. */
  everyRejection(): readonly Rejection[]
  /** Host → the virtual IPs that the mesh gives it, of the hosts of one entry. */
  virtualIps(entry: ServiceEntry): ReadonlyMap<string, VirtualIps>
}

/** Stands for proxies that are yet to come. */
const ANYBODY: NodeIdentity = {
  id: 'sidecar~127.0.0.1~anybody.default~default.svc.cluster.local',
  cluster: '',
  metadata: { INSTANCE_IPS: '127.0.0.1,::1', NAME_TABLE_SHARDS: 'true' },
}

/** A source that has nothing until its first `update`: nodes that come earlier wait. */
export function createSnapshotSource(): SnapshotSource {
  return new Snapshots()
}

/** Who asks, and for which view. */
interface Asking {
  readonly node: ProxyNode
  readonly key: string
}

class Snapshots implements SnapshotSource {
  readonly #builder = new MeshBuilder()
  readonly #memory = new TranslationMemory()
  readonly #encoder = new Encoder()
  /** Read once of each client: a hundred ask several times at every change. */
  readonly #asking = new WeakMap<NodeIdentity, Asking>()
  readonly #views = new Map<string, View>()
  readonly #waiting = new Map<string, { readonly node: ProxyNode; readonly watchers: Set<() => void> }>()
  /** What was made of one mesh, for all nodes that get the same. */
  readonly #rendered = new Map<string, Rendered>()
  #renderedOf: Mesh | undefined
  #mesh: Mesh | undefined
  /** The translation for `ANYBODY`, when it was last asked for. */
  #anybodys: Translation | undefined

  update(input: ConfigInput): void {
    const next = this.#builder.build(input)
    const watched = [...this.#views.values()].filter((view) => view.watchers.size > 0)
    // Everything is made before anything is replaced: a fault here leaves the last good state as it is.
    const remade = watched.map((view) => ({ view, made: this.#render(next, view.node, view.rendered) }))
    const awaited = [...this.#waiting].map(([key, view]) => ({
      key,
      view: { ...view, rendered: this.#render(next, view.node) },
    }))
    this.#mesh = next
    this.#waiting.clear()
    for (const [key, view] of this.#views) if (view.watchers.size === 0) this.#views.delete(key)
    for (const { key, view } of awaited) this.#views.set(key, view)
    const changed = awaited.map(({ view }) => view)
    for (const { view, made } of remade) {
      const { set } = view.rendered
      // Who has the same already keeps the set that it has.
      view.rendered = made.set.version === set.version ? { ...made, set } : made
      if (view.rendered.set !== set) changed.push(view)
    }
    for (const { watchers } of changed) for (const onChange of [...watchers]) onChange()
  }

  current(identity: NodeIdentity): ResourceSet | undefined {
    return this.#viewOf(this.#read(identity))?.rendered.set
  }

  rejections(identity: NodeIdentity): readonly Rejection[] | undefined {
    return this.#viewOf(this.#read(identity))?.rendered.translation.rejections
  }

  everyRejection(): readonly Rejection[] {
    if (this.#mesh === undefined) return []
    // Without encoding what nobody may ever ask for.
    const anybody = proxyNodeOf(ANYBODY)
    this.#anybodys =
      this.#rendered.get(translationKey(this.#mesh, anybody))?.translation ??
      translate(this.#mesh, anybody, this.#memory, this.#anybodys)
    const translations = new Set([this.#anybodys])
    for (const { watchers, rendered } of this.#views.values())
      if (watchers.size > 0) translations.add(rendered.translation)
    return [...new Set([...translations].flatMap(({ rejections }) => rejections))]
  }

  virtualIps(entry: ServiceEntry): ReadonlyMap<string, VirtualIps> {
    return this.#mesh === undefined ? new Map() : virtualIpsOfEntry(this.#mesh, entry)
  }

  watch(identity: NodeIdentity, onChange: () => void): () => void {
    // One entry per call: the same function may watch twice.
    const told = () => onChange()
    const watchers = this.#watchersOf(this.#read(identity))
    watchers.add(told)
    return () => watchers.delete(told)
  }

  #read(identity: NodeIdentity): Asking {
    const known = this.#asking.get(identity)
    if (known !== undefined) return known
    const node = proxyNodeOf(identity)
    const asking = { node, key: viewKey(node) }
    this.#asking.set(identity, asking)
    return asking
  }

  #viewOf({ node, key }: Asking): View | undefined {
    const known = this.#views.get(key)
    if (known !== undefined || this.#mesh === undefined) return known
    const view: View = { node, watchers: new Set(), rendered: this.#render(this.#mesh, node) }
    this.#views.set(key, view)
    dropIdle(this.#views, key)
    return view
  }

  #watchersOf(asking: Asking): Set<() => void> {
    const view = this.#viewOf(asking)
    if (view !== undefined) return view.watchers
    const { node, key } = asking
    const known = this.#waiting.get(key) ?? { node, watchers: new Set<() => void>() }
    this.#waiting.set(key, known)
    return known.watchers
  }

  /** @param before what was made of an earlier mesh for the same node */
  #render(mesh: Mesh, node: ProxyNode, before?: Rendered): Rendered {
    if (this.#renderedOf !== mesh) this.#rendered.clear()
    this.#renderedOf = mesh
    const key = translationKey(mesh, node)
    const known = this.#rendered.get(key)
    if (known !== undefined) return known
    const translation = translate(mesh, node, this.#memory, before?.translation)
    const sets = new Set(before === undefined ? [] : [before.set])
    for (const { rendered } of this.#views.values()) sets.add(rendered.set)
    const made = { translation, set: this.#encoder.encode(translation, [...sets]) }
    this.#rendered.set(key, made)
    return made
  }
}

/** Drops the oldest views without watchers; the one just made is about to be used. */
function dropIdle(views: Map<string, View>, justMade: string): void {
  const idle = [...views].filter(([key, view]) => view.watchers.size === 0 && key !== justMade)
  for (const [key] of idle.slice(0, Math.max(0, idle.length - IDLE_VIEWS))) views.delete(key)
}
