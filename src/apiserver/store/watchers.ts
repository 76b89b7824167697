import { textOfRange } from './object-index.ts'
import type { StoreEvent, StoreRange } from './store.ts'

interface Watcher {
  readonly onEvent: (event: StoreEvent) => void
  /** The newest revision at its start: what came until then it had from the history. */
  readonly since: number
}

/** Who is told of what, by range: an event costs two look-ups and one call for each who wants it. */
export class Watchers {
  readonly #ranges = new Map<string, Set<Watcher>>()

  /** From `since` on; answers how to stop. */
  add(range: StoreRange, since: number, onEvent: (event: StoreEvent) => void): () => void {
    const text = textOfRange(range)
    const watcher = { onEvent, since }
    const watchers = this.#ranges.get(text)
    if (watchers === undefined) this.#ranges.set(text, new Set([watcher]))
    else watchers.add(watcher)
    return () => this.#remove(text, watcher)
  }

  tell(event: StoreEvent): void {
    const { group, plural, namespace } = event.object.key
    this.#tellRange(textOfRange({ group, plural, namespace: undefined }), event)
    this.#tellRange(textOfRange({ group, plural, namespace }), event)
  }

  clear(): void {
    this.#ranges.clear()
  }

  #tellRange(text: string, event: StoreEvent): void {
    const watchers = this.#ranges.get(text)
    if (watchers === undefined) return
    for (const watcher of watchers) {
      // One that began while the events of this group were told had this one from the history.
      if (event.object.revision <= watcher.since) continue
      try {
        watcher.onEvent(event)
      } catch {
        // Whoever cannot take an event has lost the thread: it is told nothing more, and nobody else notices.
        this.#remove(text, watcher)
      }
    }
  }

  #remove(text: string, watcher: Watcher): void {
    const watchers = this.#ranges.get(text)
    watchers?.delete(watcher)
    if (watchers?.size === 0) this.#ranges.delete(text)
  }
}
