import type { Store, StoredObject } from '#apiserver/store/store.ts'
import type { Warnings } from './admit.ts'
import type { KindRegistry } from './kind-registry.ts'

/** What every write needs. */
export interface WriteContext {
  readonly store: Store
  readonly registry: KindRegistry
  /** The time that new objects get. */
  readonly now: () => Date
}

/** What a write came to. */
export interface WriteResult {
  /** As it is stored, or would be after a dry run; as it was last when it is gone. */
  readonly object: StoredObject
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'deleted'
  readonly warnings: Warnings
}
