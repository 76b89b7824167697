import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, messageOf } from '#base/fault.ts'
import { Backoff } from './backoff.ts'
import type { KubeClient, Selection } from './kube-client.ts'
import { type Indexers, ObjectCache } from './object-cache.ts'
import type { Refusal } from './outcome.ts'
import type { ApiObject, Resource } from './resource.ts'
import type { WatchEvent } from './watch-stream.ts'

/** A change of the objects that an informer follows, told after its cache has it. */
export type InformerEvent =
  | { readonly kind: 'added'; readonly object: ApiObject }
  | { readonly kind: 'changed'; readonly object: ApiObject; readonly before: ApiObject }
  | { readonly kind: 'removed'; readonly object: ApiObject }

export interface InformerOptions {
  readonly resource: Resource
  readonly selection?: Selection
  readonly indexers?: Indexers
  /** A server that has no such resource has no objects of it, until it has; otherwise that is a fault. */
  readonly mayBeAbsent?: boolean
  /** Told of every change, in the order of the server, each once. It must not throw. */
  readonly onEvent?: (event: InformerEvent) => void
  /** Told of what went wrong; it is tried again whatever it was. */
  readonly onFault?: (fault: Fault) => void
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
        this.#options.onFault?.(
          thrown instanceof Fault ? thrown : new Fault('kube/answer', messageOf(thrown), { cause: thrown }),
        )
        await this.#wait()
      }
    }
  }

  async #watch(resourceVersion: string): Promise<'go on' | 'wait'> {
    const { resource, selection, random = Math.random } = this.#options
    const begun = performance.now()
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + random()))
    const { signal } = this.#stop
    const end = await this.#client.watch(
      resource,
      { ...selection, resourceVersion, bookmarks: true, timeoutSeconds, signal },
      (event) => {
        if (signal.aborted) return
        this.#backoff.reset()
        this.#take(event)
      },
    )
    if (end.kind === 'refused') {
      // 410 Gone: the place is forgotten. Any other refusal is met the same way: a list repairs whatever was missed.
      this.#resourceVersion = undefined
      if (end.refusal.code !== 410) this.#report(end.refusal)
      return 'wait'
    }
    // A server that ends watches as soon as they begin must not be asked in a tight loop.
    if (performance.now() - begun < LIVED_MS) return 'wait'
    this.#backoff.reset()
    return 'go on'
  }

  async #list(): Promise<'go on' | 'wait'> {
    const outcome = await this.#client.list(this.#options.resource, this.#options.selection, this.#stop.signal)
    if (this.#stop.signal.aborted) return 'wait'
    if (outcome.kind === 'refused') {
      if (outcome.refusal.code === 404 && this.#options.mayBeAbsent) this.#tellAll([])
      else this.#report(outcome.refusal)
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

  #report({ code, message }: Refusal): void {
    const { group, plural } = this.#options.resource
    const name = group === '' ? plural : `${plural}.${group}`
    this.#options.onFault?.(new Fault('kube/refused', `${name} cannot be followed: ${message} (${code})`))
  }

  async #wait(): Promise<void> {
    await sleep(this.#backoff.next(), undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}

/** The same name may be given again to another object: a removal and an addition. */
function identity({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid ?? ''}`
}
