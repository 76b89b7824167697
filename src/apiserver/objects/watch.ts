import type { Store, StoredObject, StoreEvent, StoreRange } from '#apiserver/store/store.ts'
import { Fault } from '#base/fault.ts'
import type { ListOptions } from '#kube/list-options.ts'
import { versionTooLarge, versionTooOld } from '#kube/status-errors.ts'
import { type Selection, selects } from './selection.ts'
import { type CollectionTarget, rangeOf } from './target.ts'

/** How a watch is asked for: changes after a state, or (0, undefined, `sendInitialEvents`) first the objects as they are now. */
export type WatchRequest = Selection & Pick<ListOptions, 'resourceVersion' | 'sendInitialEvents'>

/** What a watch tells of one object that it selects, or that it selected until now. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** As it is after the change; as it was last seen when it is gone. */
  readonly object: StoredObject
}

const INITIAL_PAGE = 200

/** The changes of a collection from one state on: begins once, can be stopped and goes on where it was. */
export class ObjectWatch {
  /** Everything up to this revision was told. */
  revision: number
  readonly #store: Store
  readonly #range: StoreRange
  readonly #request: WatchRequest
  readonly #beginsWithState: boolean

  /** Throws a StatusError `Expired` when the state is older than the history that is kept, `Timeout` when it is not there yet. */
  constructor(store: Store, target: CollectionTarget, request: WatchRequest) {
    this.#store = store
    this.#range = rangeOf(target)
    this.#request = request
    const { resourceVersion: wanted = 0, sendInitialEvents = wanted === 0 } = request
    if (wanted > store.revision) throw versionTooLarge(String(wanted), String(store.revision))
    this.#beginsWithState = sendInitialEvents
    this.revision = this.#beginsWithState ? store.revision : wanted
    // Tells now what the first change would tell: that the history does not reach back so far.
    this.#watchStore(() => {})()
  }

  /** The objects as they are at `revision`, in pages; none when the watch begins with changes. */
  *initial(): Generator<readonly StoredObject[]> {
    if (!this.#beginsWithState) return
    const range = this.#range
    let from: Parameters<Store['list']>[2] = {
      after: { group: range.group, plural: range.plural, namespace: '', name: '' },
      revision: this.revision,
    }
    while (from !== undefined) {
      const page = this.#store.list(range, INITIAL_PAGE, from)
      yield page.objects.filter((stored) => selects(this.#request, stored.value))
      from = page.next
    }
  }

  /**
   * Tells every change after `revision`, until `onChange` answers that it is enough: what comes then is told when the watch is followed again.
   * Throws like the constructor when that is no longer possible. Answers how to stop.
   */
  follow(onChange: (change: ObjectChange) => 'more' | 'enough'): () => void {
    let isEnough = false
    return this.#watchStore((event) => {
      if (isEnough) return
      const change = changeOf(event, this.#request)
      this.revision = event.object.revision
      isEnough = change !== undefined && onChange(change) === 'enough'
    })
  }

  /** How far the watch has come: everything that the store has told so far concerned others, or was told. */
  progress(): number {
    return Math.max(this.revision, this.#store.revision)
  }

  #watchStore(onEvent: (event: StoreEvent) => void): () => void {
    try {
      return this.#store.watch(this.#range, this.revision, onEvent)
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== 'store/compacted') throw thrown
      throw versionTooOld(String(this.revision), String(this.#store.revision))
    }
  }
}

/** An object that begins to be selected is new to the watch; one that ends to be selected is gone for it. */
function changeOf(event: StoreEvent, selection: Selection): ObjectChange | undefined {
  const { object, before } = event
  const wasSelected = before !== undefined && selects(selection, before.value)
  if (event.kind === 'delete') return wasSelected ? { type: 'DELETED', object } : undefined
  const isSelected = selects(selection, object.value)
  if (isSelected) return { type: wasSelected ? 'MODIFIED' : 'ADDED', object }
  return wasSelected ? { type: 'DELETED', object: { ...before, revision: object.revision } } : undefined
}
