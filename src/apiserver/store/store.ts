/** The place of an object: kinds are told apart by group and plural name; cluster-scoped objects have namespace "". */
export interface StoreKey {
  readonly group: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
}

/** One object as it is kept. */
export interface StoredObject {
  readonly key: StoreKey
  /** The revision of its last write: what the API calls `metadata.resourceVersion`. */
  readonly revision: number
  /** The object as JSON data, without `metadata.resourceVersion`. Never changed in place. */
  readonly value: Readonly<Record<string, unknown>>
}

export type StoreEvent =
  | { readonly kind: 'put'; readonly object: StoredObject; readonly before: StoredObject | undefined }
  /** `object.value` is the last one, `object.revision` the revision of the deletion. */
  | { readonly kind: 'delete'; readonly object: StoredObject; readonly before: StoredObject }

/** What a write depends on: a revision that the object must have (0: it must not exist), or undefined for any. */
export type Precondition = number | undefined

export type WriteOutcome =
  | { readonly kind: 'written'; readonly object: StoredObject }
  /** Somebody else wrote first: the object as it is now, undefined when there is none. */
  | { readonly kind: 'conflict'; readonly now: StoredObject | undefined }

/** Which objects: all of a kind, or those of one namespace. */
export interface StoreRange {
  readonly group: string
  readonly plural: string
  readonly namespace: string | undefined
}

export interface StorePage {
  readonly objects: readonly StoredObject[]
  /** The state that the page shows: the same for all pages of one listing. */
  readonly revision: number
  /** Where the next page begins; undefined when this was the last one. */
  readonly next: { readonly after: StoreKey; readonly revision: number } | undefined
  /** How many objects follow. */
  readonly remaining: number
}

/**
 * The place where objects live: one revision counter for all kinds, strictly monotonic; a write that was acknowledged survives a crash of the
 * process and of the machine. `apiserver/objects` decides what may be written; the store knows no kind.
 */
export interface Store {
  /** The revision of the newest write. */
  readonly revision: number
  get(key: StoreKey): StoredObject | undefined
  /**
   * Objects in the order of namespace and name, at most `limit` of them (0 or undefined: all).
   * Throws a Fault `store/compacted` when `from.revision` is older than the history that is kept, or newer than the newest.
   */
  list(range: StoreRange, limit?: number, from?: { readonly after: StoreKey; readonly revision: number }): StorePage
  /** Writes one object, durably when the promise settles. A Fault `store/write` when the disk refuses. */
  put(key: StoreKey, value: Readonly<Record<string, unknown>>, when: Precondition): Promise<WriteOutcome>
  /** Deletes one object as `put` writes one; when there is none, that is a conflict without an object. */
  delete(key: StoreKey, when: Precondition): Promise<WriteOutcome>
  /**
   * Every change of a range after `revision`, in order, the kept history first (before this returns) and then as they happen; a change is
   * told after it is durable. Whoever throws is told nothing more.
   * Throws a Fault `store/compacted` when `revision` is older than the history that is kept, or newer than the newest. Answers how to stop.
   */
  watch(range: StoreRange, revision: number, onEvent: (event: StoreEvent) => void): () => void
  close(): Promise<void>
}
