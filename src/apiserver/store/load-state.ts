import { corrupt } from './corrupt.ts'
import { EventHistory } from './event-history.ts'
import { ObjectIndex } from './object-index.ts'
import type { StoreRows } from './read-rows.ts'
import { keyOf, type VersionRow } from './rows.ts'
import type { StoredObject, StoreEvent, StoreKey } from './store.ts'
import type { Vault } from './vault.ts'

/** What a store has in memory. */
export interface StoreState {
  readonly objects: ObjectIndex
  readonly history: EventHistory
}

/** Objects and events from rows: the history is walked back from the present, which gives each event what came after it. */
export function loadState(
  { head, objects: rows, history }: StoreRows,
  path: string,
  vault: Vault | undefined,
): StoreState {
  const objects = new ObjectIndex()
  const then = new ObjectIndex()
  const read = (key: StoreKey, row: VersionRow) => readVersion(key, row, path, vault)
  for (const row of rows) {
    const object = read(keyOf(row), row)
    objects.set(object)
    then.set(object)
  }
  const events: StoreEvent[] = []
  for (const row of history.toReversed()) {
    const key = keyOf(row)
    const before = row.revision === 0 ? undefined : read(key, row)
    const event = eventOf(row.at, key, then.get(key), before)
    if (event?.kind !== row.change) throw corrupt(path, `revision ${row.at} does not fit what follows it`)
    events.push(event)
    if (before === undefined) then.remove(key)
    else then.set(before)
  }
  return { objects, history: new EventHistory(head.compacted, events.reverse()) }
}

function eventOf(
  revision: number,
  key: StoreKey,
  after: StoredObject | undefined,
  before: StoredObject | undefined,
): StoreEvent | undefined {
  if (after !== undefined) return after.revision === revision ? { kind: 'put', object: after, before } : undefined
  return before && { kind: 'delete', object: { key, revision, value: before.value }, before }
}

function readVersion(
  key: StoreKey,
  { revision, sealed, value }: VersionRow,
  path: string,
  vault: Vault | undefined,
): StoredObject {
  try {
    if (sealed === 1 && vault === undefined) throw new Error('there is no key')
    const plain = sealed === 1 ? vault!.open(key, revision, value) : Buffer.from(value)
    return { key, revision, value: JSON.parse(plain.toString()) as StoredObject['value'] }
  } catch (thrown) {
    throw corrupt(path, `revision ${revision} of ${key.plural} "${key.name}" cannot be read`, thrown)
  }
}
