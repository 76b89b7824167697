import type { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '#base/fault.ts'
import { corrupt } from './corrupt.ts'
import { openDatabase, structuralFault } from './database.ts'
import {
  Digest,
  EMPTY_DIGEST,
  type HeadRow,
  type HistoryRow,
  headChecksum,
  historyChecksum,
  keyOf,
  type ObjectRow,
  objectChecksum,
} from './rows.ts'

/** Everything that a database holds, each row checked and all of them together. */
export interface StoreRows {
  readonly head: HeadRow
  readonly objects: readonly ObjectRow[]
  /** One row for each revision from `head.compacted + 1` to `head.revision`. */
  readonly history: readonly HistoryRow[]
}

/** Reads and checks the database of a file, which stays as it is. Throws as `readRows` does, with `shownAs` as its path. */
export function checkDatabase(path: string, acknowledged: number, shownAs: string = path): StoreRows {
  const database = openDatabase(path, 'read')
  try {
    return readRows(database, shownAs, acknowledged)
  } finally {
    database.close()
  }
}

/**
 * Reads and checks a whole database; needs no key. Throws a Fault `store/corrupt` when anything is not as it was written, or when the
 * database has not reached `acknowledged`, the newest revision that somebody was told of.
 */
export function readRows(database: DatabaseSync, path: string, acknowledged: number): StoreRows {
  try {
    const rows = readChecked(database)
    if (typeof rows === 'string') throw corrupt(path, rows)
    if (rows.head.revision < acknowledged) {
      throw corrupt(path, `it ends at revision ${rows.head.revision}, and ${acknowledged} was acknowledged`)
    }
    return rows
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw corrupt(path, messageOf(thrown), thrown)
  }
}

function readChecked(database: DatabaseSync): StoreRows | string {
  const fault = structuralFault(database)
  if (fault !== undefined) return fault
  const [head] = database.prepare('SELECT * FROM head').all() as unknown as HeadRow[]
  if (head === undefined || !isSame(head.checksum, headChecksum(head))) return 'the checksum of its head does not match'
  const objects = database.prepare('SELECT * FROM objects').all() as unknown as ObjectRow[]
  const digest = new Digest(EMPTY_DIGEST)
  for (const row of objects) {
    const checksum = objectChecksum(keyOf(row), row)
    if (!isSame(row.checksum, checksum)) return `the checksum of ${nameOf(row)} does not match`
    digest.add(checksum)
  }
  if (digest.digits !== head.digest) return 'objects are missing, or are not the newest'
  const history = database.prepare('SELECT * FROM history ORDER BY at').all() as unknown as HistoryRow[]
  if (head.compacted + history.length !== head.revision) return 'its history has gaps'
  for (const [index, row] of history.entries()) {
    if (row.at !== head.compacted + 1 + index) return 'its history has gaps'
    const checksum = historyChecksum(row.at, row.change, keyOf(row), row)
    if (!isSame(row.checksum, checksum)) return `the checksum of revision ${row.at} does not match`
  }
  return { head, objects, history }
}

function isSame(kept: Uint8Array, computed: Buffer): boolean {
  return computed.equals(kept)
}

function nameOf({ plural, namespace, name }: ObjectRow): string {
  return `${plural} "${namespace === '' ? name : `${namespace}/${name}`}"`
}
