import { textOfKey } from './object-index.ts'
import type { Precondition, StoredObject, StoreEvent, StoreKey, WriteOutcome } from './store.ts'

/** A write that waits for its transaction. */
export interface WaitingWrite {
  readonly key: StoreKey
  /** What to write; undefined deletes. */
  readonly value: Readonly<Record<string, unknown>> | undefined
  /** `value` as JSON; "" for a deletion. */
  readonly text: string
  readonly when: Precondition
}

/** An event that is to be written, with the JSON of its new value. */
export interface Change {
  readonly event: StoreEvent
  readonly text: string
}

export interface DecidedWrites {
  /** In the order of the writes: what each came to. */
  readonly outcomes: readonly WriteOutcome[]
  /** What happens, in the order of revisions, which follow `revision` without a gap. */
  readonly changes: readonly Change[]
}

/**
 * What a group of writes comes to, each seeing what the earlier ones left. A delete of what is not there is a conflict without an object.
 */
export function decideWrites(
  writes: readonly WaitingWrite[],
  revision: number,
  stored: (key: StoreKey) => StoredObject | undefined,
): DecidedWrites {
  const changed = new Map<string, StoredObject | undefined>()
  const outcomes: WriteOutcome[] = []
  const changes: Change[] = []
  for (const { key, value, text, when } of writes) {
    const place = textOfKey(key)
    const now = changed.has(place) ? changed.get(place) : stored(key)
    const event = eventOf(key, value, when, now, revision + changes.length + 1)
    if (event === undefined) {
      outcomes.push({ kind: 'conflict', now })
      continue
    }
    changed.set(place, event.kind === 'put' ? event.object : undefined)
    changes.push({ event, text })
    outcomes.push({ kind: 'written', object: event.object })
  }
  return { outcomes, changes }
}

function eventOf(
  key: StoreKey,
  value: WaitingWrite['value'],
  when: Precondition,
  now: StoredObject | undefined,
  revision: number,
): StoreEvent | undefined {
  if (when !== undefined && when !== (now?.revision ?? 0)) return undefined
  if (value !== undefined) return { kind: 'put', object: { key, revision, value }, before: now }
  if (now === undefined) return undefined
  return { kind: 'delete', object: { key, revision, value: now.value }, before: now }
}
