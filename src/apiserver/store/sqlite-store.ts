import { Fault, messageOf } from '#base/fault.ts'
import { type Change, decideWrites, type WaitingWrite } from './decide-writes.ts'
import type { Journal } from './journal.ts'
import type { StoreState } from './load-state.ts'
import { rangeHolds } from './object-index.ts'
import { pageOf } from './page-of.ts'
import type {
  Precondition,
  Store,
  StoredObject,
  StoreEvent,
  StoreKey,
  StorePage,
  StoreRange,
  WriteOutcome,
} from './store.ts'
import { Watchers } from './watchers.ts'

interface QueuedWrite extends WaitingWrite {
  readonly resolve: (outcome: WriteOutcome) => void
  readonly reject: (fault: Fault) => void
}

/** How many writes share a transaction at most: a larger flood lets other work have its turn in between. */
const GROUP_LIMIT = 256
const SQLITE_FULL = 13

/**
 * Objects in memory, a journal below. Writes of one turn of the event loop wait for its end and then share one transaction and one
 * wait for the disk: decide, commit, apply, tell, settle, in this order.
 */
export class SqliteStore implements Store {
  readonly #journal: Journal
  readonly #state: StoreState
  readonly #release: () => void
  readonly #watchers = new Watchers()
  #queue: QueuedWrite[] = []
  /** Why nothing more is written: closed, or the disk failed in a way that leaves open what it holds. */
  #ended: Fault | undefined

  constructor(journal: Journal, state: StoreState, release: () => void) {
    this.#journal = journal
    this.#state = state
    this.#release = release
  }

  get revision(): number {
    return this.#state.history.revision
  }

  get(key: StoreKey): StoredObject | undefined {
    return this.#state.objects.get(key)
  }

  list(range: StoreRange, limit?: number, from?: { readonly after: StoreKey; readonly revision: number }): StorePage {
    const { objects, history } = this.#state
    const revision = from?.revision ?? this.revision
    const shown = revision === this.revision ? objects.slice(range) : history.objectsAt(revision, range, objects)
    return pageOf(shown, revision, limit, from?.after)
  }

  /** The value is read when this is called, as JSON: that is what is stored, and served. */
  put(key: StoreKey, value: Readonly<Record<string, unknown>>, when: Precondition): Promise<WriteOutcome> {
    return this.#write(key, value, when)
  }

  delete(key: StoreKey, when: Precondition): Promise<WriteOutcome> {
    return this.#write(key, undefined, when)
  }

  /** The history is told before this returns. Whoever throws is told nothing more. */
  watch(range: StoreRange, revision: number, onEvent: (event: StoreEvent) => void): () => void {
    const missed = this.#state.history.after(revision)
    try {
      for (const event of missed) if (rangeHolds(range, event.object.key)) onEvent(event)
    } catch {
      return () => {}
    }
    return this.#watchers.add(range, this.revision, onEvent)
  }

  async close(): Promise<void> {
    while (this.#queue.length > 0) this.#flush()
    if (this.#ended?.code === 'store/closed') return
    this.#ended = new Fault('store/closed', 'the store is closed')
    this.#watchers.clear()
    try {
      this.#journal.close()
    } finally {
      this.#release()
    }
  }

  async #write(key: StoreKey, value: QueuedWrite['value'], when: Precondition): Promise<WriteOutcome> {
    const text = value === undefined ? '' : JSON.stringify(value)
    const stored = value === undefined ? undefined : (JSON.parse(text) as Readonly<Record<string, unknown>>)
    const { group, plural, namespace, name } = key
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      if (this.#queue.length === 0) setImmediate(() => this.#flush())
      this.#queue.push({ key: { group, plural, namespace, name }, value: stored, when, text, resolve, reject })
    })
  }

  #flush(): void {
    const group = this.#queue.slice(0, GROUP_LIMIT)
    this.#queue = this.#queue.slice(GROUP_LIMIT)
    if (this.#queue.length > 0) setImmediate(() => this.#flush())
    const { outcomes, changes } = decideWrites(group, this.revision, (key) => this.#state.objects.get(key))
    try {
      if (changes.length > 0) this.#commit(changes)
    } catch (thrown) {
      const fault = this.#failed(thrown)
      for (const { reject } of group) reject(fault)
      return
    }
    for (const { event } of changes) this.#watchers.tell(event)
    for (const [index, { resolve }] of group.entries()) resolve(outcomes[index]!)
  }

  #commit(changes: readonly Change[]): void {
    if (this.#ended !== undefined) throw this.#ended
    const compacted = this.#journal.commit(changes)
    const events = changes.map(({ event }) => event)
    for (const { kind, object } of events) {
      if (kind === 'put') this.#state.objects.set(object)
      else this.#state.objects.remove(object.key)
    }
    this.#state.history.add(events, compacted)
  }

  /** A full disk is rolled back and may pass. After any other failure the disk may hold what memory does not: then nothing more is written. */
  #failed(thrown: unknown): Fault {
    if (thrown === this.#ended) return this.#ended as Fault
    const fault = new Fault('store/write', `the store cannot be written: ${messageOf(thrown)}`, {
      mend: 'make room on the disk or mend it, and start again',
      cause: thrown,
    })
    if ((thrown as { readonly errcode?: number }).errcode !== SQLITE_FULL) this.#ended = fault
    return fault
  }
}
