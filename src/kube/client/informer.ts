import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, messageOf } from '#base/fault.ts'
import { Backoff } from './backoff.ts'
import type { KubeClient, Selection } from './kube-client.ts'
import { type Indexers, ObjectCache } from './object-cache.ts'
import type { Refusal } from './outcome.ts'
import { type ApiObject, type Resource, resourceName } from './resource.ts'
import type { WatchEvent } from './watch-stream.ts'

/** A change of the objects that an informer follows, told after its cache has it. */
export type InformerEvent =
  | { readonly kind: 'added'; readonly object: ApiObject }
  | { readonly kind: 'changed'; readonly object: ApiObject; readonly before: ApiObject }
  | { readonly kind: 'removed'; readonly object: ApiObject }

/** How an informer fares. */
export type FollowState =
  /** The server tells of every change. */
  | { readonly kind: 'following' }
  /** The server has no such resource; it is asked again, and again. */
  | { readonly kind: 'absent' }
  /** It is tried again, whatever it was; what was told before stands. `refusal` when the server answered. */
  | { readonly kind: 'failing'; readonly fault: Fault; readonly refusal?: Refusal }

export interface InformerOptions {
  readonly resource: Resource
  readonly selection?: Selection
  readonly indexers?: Indexers
  /** A server that has no such resource has no objects of it, until it has; otherwise that is a fault. */
  readonly mayBeAbsent?: boolean
  /** Told of every change, in the order of the server, each once. It must not throw. */
  readonly onEvent?: (event: InformerEvent) => void
  /** Told whenever it fares in another way, and when it fails in other words. */
  readonly onState?: (state: FollowState) => void
  /** Randomness of delays, from 0 to 1; for tests. */
  readonly random?: () => number
}

const FIRST_DELAY_MS = 50
const MOST_DELAY_MS = 10_000
/** A watch is begun anew after five to ten minutes, so that one that silently died is noticed. */
const WATCH_SECONDS = 300
/** A watch that lasted this long was in order. */
const LIVED_MS = 1_000

/**
 * Follows the objects of one resource by list and watch. It begins again where it stopped when a connection breaks, lists anew when the server
 * no longer knows that place, and tells the difference: no change is missed, none is told twice. Changes in between two lists are one change.
 */
export class Informer {
  readonly cache: ObjectCache
  /** Settles when the first list has been told. Never settles when the informer is stopped before. */
  readonly synced: Promise<void>
  readonly #client: KubeClient
  readonly #options: InformerOptions
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  readonly #onSynced: () => void
  #running: Promise<void> | undefined
  /** Where to go on watching; undefined when it takes a list to know. */
  #resourceVersion: string | undefined
  #state: FollowState | undefined

  constructor(client: KubeClient, options: InformerOptions) {
    this.#client = client
    this.#options = options
    this.cache = new ObjectCache(options.indexers)
    this.#backoff = new Backoff(FIRST_DELAY_MS, MOST_DELAY_MS, options.random)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.synced = promise
    this.#onSynced = resolve
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Settles when nothing more will be told. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const next = this.#resourceVersion === undefined ? await this.#list() : await this.#watch(this.#resourceVersion)
        if (next === 'wait') await this.#wait()
      } catch (thrown) {
        if (this.#stop.signal.aborted) return
        this.#failed(thrown instanceof Fault ? thrown : new Fault('kube/answer', messageOf(thrown), { cause: thrown }))
        await this.#wait()
      }
    }
  }

  async #watch(resourceVersion: string): Promise<'go on' | 'wait'> {
    const { resource, selection, random = Math.random } = this.#options
    let begun: number | undefined
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + random()))
    const { signal } = this.#stop
    const onBegun = () => {
      begun = performance.now()
      this.#fares({ kind: 'following' })
    }
    try {
      const end = await this.#client.watch(
        resource,
        { ...selection, resourceVersion, bookmarks: true, timeoutSeconds, signal, onBegun },
        (event) => {
          if (signal.aborted) return
          this.#backoff.reset()
          this.#take(event)
        },
      )
      if (end.kind === 'refused') return this.#refused(end.refusal)
    } catch (thrown) {
      // Connections break; that this one cannot be made again is what there would be to tell.
      if (begun === undefined || !(thrown instanceof Fault) || thrown.code !== 'kube/unreachable') throw thrown
    }
    // A server that ends watches as soon as they begin must not be asked in a tight loop.
    if (begun === undefined || performance.now() - begun < LIVED_MS) return 'wait'
    this.#backoff.reset()
    return 'go on'
  }

  /** 410 Gone: the place is forgotten. Any other refusal is met the same way: a list repairs whatever was missed. */
  #refused(refusal: Refusal): 'wait' {
    this.#resourceVersion = undefined
    if (refusal.code !== 410) this.#failed(this.#faultOf(refusal), refusal)
    return 'wait'
  }

  async #list(): Promise<'go on' | 'wait'> {
    const outcome = await this.#client.list(this.#options.resource, this.#options.selection, this.#stop.signal)
    if (this.#stop.signal.aborted) return 'wait'
    if (outcome.kind === 'refused') {
      if (outcome.refusal.code === 404 && this.#options.mayBeAbsent) {
        this.#tellAll([])
        this.#fares({ kind: 'absent' })
      } else this.#failed(this.#faultOf(outcome.refusal), outcome.refusal)
      return 'wait'
    }
    this.#tellAll(outcome.value.items)
    this.#resourceVersion = outcome.value.resourceVersion
    return 'go on'
  }

  /** Tells the difference to what is known. */
  #tellAll(items: readonly ApiObject[]): void {
    const listed = new Set(items.map(identity))
    for (const known of this.cache.list()) if (!listed.has(identity(known))) this.#remove(known)
    for (const object of items) this.#put(object)
    this.#onSynced()
  }

  #take(event: WatchEvent): void {
    if (event.kind === 'bookmark') {
      this.#resourceVersion = event.resourceVersion
      return
    }
    if (event.kind === 'deleted') this.#remove(event.object)
    else this.#put(event.object)
    this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion
  }

  #put(object: ApiObject): void {
    const known = this.cache.get(object.metadata.namespace, object.metadata.name)
    if (known !== undefined && identity(known) !== identity(object)) this.#remove(known)
    const before = this.cache.get(object.metadata.namespace, object.metadata.name)
    if (before !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion) return
    this.cache.put(object)
    this.#options.onEvent?.(before === undefined ? { kind: 'added', object } : { kind: 'changed', object, before })
  }

  #remove(object: ApiObject): void {
    if (this.cache.remove(object) !== undefined) this.#options.onEvent?.({ kind: 'removed', object })
  }

  #faultOf({ code, message }: Refusal): Fault {
    return new Fault('kube/refused', `${resourceName(this.#options.resource)} cannot be followed: ${message} (${code})`)
  }

  #failed(fault: Fault, refusal?: Refusal): void {
    this.#fares({ kind: 'failing', fault, ...(refusal && { refusal }) })
  }

  #fares(state: FollowState): void {
    const before = this.#state
    this.#state = state
    if (state.kind === before?.kind && faultText(state) === faultText(before)) return
    this.#options.onState?.(state)
  }

  async #wait(): Promise<void> {
    await sleep(this.#backoff.next(), undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}

function faultText(state: FollowState): string | undefined {
  return state.kind === 'failing' ? state.fault.message : undefined
}

/** The same name may be given again to another object: a removal and an addition. */
function identity({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid ?? ''}`
}
