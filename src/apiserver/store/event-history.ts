import { Fault } from '#base/fault.ts'
import { compareKeys, type ObjectIndex, rangeHolds, textOfKey } from './object-index.ts'
import type { StoredObject, StoreEvent, StoreRange } from './store.ts'

/**
 * The newest events, one for each revision from `compacted + 1` to `revision` without a gap. They tell a watcher what it missed, and take the
 * present state back to an older one.
 */
export class EventHistory {
  #events: StoreEvent[]
  #compacted: number

  constructor(compacted: number, events: readonly StoreEvent[]) {
    this.#compacted = compacted
    this.#events = [...events]
  }

  /** The oldest state that is still known. */
  get compacted(): number {
    return this.#compacted
  }

  get revision(): number {
    return this.#compacted + this.#events.length
  }

  /** Adds the events of one group and forgets those up to and with `compacted`. */
  add(events: readonly StoreEvent[], compacted: number): void {
    for (const event of events) this.#events.push(event)
    this.#events.splice(0, compacted - this.#compacted)
    this.#compacted = compacted
  }

  /** The events after `revision`, oldest first. Throws a Fault `store/compacted` when some of them are gone or it never was. */
  after(revision: number): readonly StoreEvent[] {
    this.#requireKnown(revision)
    return this.#events.slice(revision - this.#compacted)
  }

  /** The objects of a range as they were at `revision`, sorted. Throws as `after` does. */
  objectsAt(revision: number, range: StoreRange, now: ObjectIndex): StoredObject[] {
    this.#requireKnown(revision)
    const objects = now.slice(range)
    const befores = new Map<string, StoredObject | undefined>()
    for (let at = this.#events.length - 1; at >= revision - this.#compacted; at--) {
      const { object, before } = this.#events[at]!
      if (rangeHolds(range, object.key)) befores.set(textOfKey(object.key), before)
    }
    if (befores.size === 0) return objects
    const kept = objects.filter(({ key }) => !befores.has(textOfKey(key)))
    for (const before of befores.values()) if (before !== undefined) kept.push(before)
    return kept.sort((a, b) => compareKeys(a.key, b.key))
  }

  #requireKnown(revision: number): void {
    if (revision >= this.#compacted && revision <= this.revision) return
    const kept = `${this.#compacted} to ${this.revision}`
    throw new Fault('store/compacted', `revision ${revision} is not in the history that is kept (${kept})`, {
      mend: 'list again, and watch from the revision of that list',
    })
  }
}
