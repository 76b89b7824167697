import type { ServedKind } from '#apiserver/objects/kind-registry.ts'
import type { ObjectWatch } from '#apiserver/objects/watch.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import { StatusError } from '#kube/status.ts'
import { watchTooOld } from '#kube/status-errors.ts'
import { renderObject, type View } from './render.ts'
import type { WatchFeed } from './watch-stream.ts'

/** What a client said about the watch that it wants. */
export interface WatchOptions {
  readonly bookmarks: boolean
  /** Whether the objects at the beginning end with a bookmark that says so. */
  readonly marksInitialEnd: boolean
  readonly timeoutMs: number
}

/** The lines of a watch: `{"type": "ADDED", "object": {...}}`. */
export class ObjectWatchFeed implements WatchFeed {
  readonly timeoutMs: number
  readonly #watch: ObjectWatch
  readonly #served: ServedKind
  readonly #view: () => View
  readonly #options: WatchOptions
  #toldColumns = false

  constructor(watch: ObjectWatch, served: ServedKind, view: () => View, options: WatchOptions) {
    this.timeoutMs = options.timeoutMs
    this.#watch = watch
    this.#served = served
    this.#view = view
    this.#options = options
  }

  *initial(): Generator<readonly string[]> {
    for (const page of this.#watch.initial()) yield page.map((stored) => this.#line('ADDED', stored))
    if (this.#options.marksInitialEnd) yield [this.#bookmark(this.#watch.revision, true)]
  }

  follow(onLine: (line: string, isLast: boolean) => 'more' | 'enough'): () => void {
    try {
      return this.#watch.follow(({ type, object }) => onLine(this.#line(type, object), false))
    } catch (thrown) {
      if (!(thrown instanceof StatusError)) throw thrown
      // The head is sent already: a watch that cannot go on says so in its last event, and the client lists again.
      onLine(`{"type":"ERROR","object":${JSON.stringify(watchTooOld().status)}}`, true)
      return () => {}
    }
  }

  bookmark(): string | undefined {
    return this.#options.bookmarks ? this.#bookmark(this.#watch.progress(), false) : undefined
  }

  #line(type: string, stored: StoredObject): string {
    const view = { ...this.#view(), hasColumns: !this.#toldColumns }
    this.#toldColumns = true
    return `{"type":"${type}","object":${renderObject(stored, this.#served, view)}}`
  }

  #bookmark(revision: number, isInitialEnd: boolean): string {
    const { apiVersion, definition } = this.#served
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    }
    return JSON.stringify({ type: 'BOOKMARK', object: { kind: definition.kind, apiVersion, metadata } })
  }
}
