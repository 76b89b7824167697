import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Fault, messageOf } from '#base/fault.ts'
import { corrupt } from './corrupt.ts'

/** Says that a file of SQLite is one of ours: "PSTN". */
const APPLICATION_ID = 0x5053544e
/** The form of the tables; a newer Postern may raise it, and an older one then refuses the file. */
const SCHEMA_VERSION = 1

/**
 * `objects` is the present. `history` has a row for each of the newest revisions with what stood there *before* (nothing, for a new object):
 * what came after is in the next row of the same key, or in `objects`, so every version is kept once. Rows carry a checksum of all their
 * columns. `head` has one row; its `digest` is the sum of the checksums of `objects`, so that a row that is lost or old is missed too.
 */
const TABLES = `
  CREATE TABLE objects (
    grp TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, sealed INTEGER NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (grp, plural, namespace, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE history (
    at INTEGER PRIMARY KEY, change TEXT NOT NULL,
    grp TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, sealed INTEGER NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL
  ) STRICT;
  CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL, compacted INTEGER NOT NULL, digest TEXT NOT NULL, key_id TEXT NOT NULL, checksum BLOB NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`

export const MEMORY = ':memory:'

/**
 * Opens a database file that is there. Read only, neither the file nor its log is changed, not even by closing it; an empty file is refused then,
 * because SQLite deletes the log beside one, as left over.
 */
export function openDatabase(path: string, mode: 'read' | 'write'): DatabaseSync {
  if (mode === 'read' && (!existsSync(path) || statSync(path).size === 0)) throw corrupt(path, 'it is missing or empty')
  let database: DatabaseSync
  try {
    // Another process may be making a backup: it only reads, so what it can hold up is short.
    database = new DatabaseSync(path, { readOnly: mode === 'read', timeout: 5_000 })
  } catch (thrown) {
    throw new Fault('store/open', `the database "${path}" cannot be opened: ${messageOf(thrown)}`, { cause: thrown })
  }
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
  if (mode === 'write') {
    const { journal_mode: journal } = database.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: string }
    if (journal !== 'wal' && path !== MEMORY) {
      throw new Fault('store/open', `the database "${path}" cannot have a write-ahead log: its journal is "${journal}"`)
    }
    // FULL waits for the log at every commit. The log is cut back after a checkpoint to what a busy minute needs.
    database.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216')
  }
  return database
}

/** Makes the tables in an empty database; `headRow` writes its first row in the same transaction. */
export function createTables(database: DatabaseSync, headRow: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  database.exec(TABLES)
  headRow()
  database.exec('COMMIT')
}

/** What is wrong with a database as SQLite sees it, and as its labels say; undefined when nothing is. */
export function structuralFault(database: DatabaseSync): string | undefined {
  const id = numberOf(database, 'SELECT application_id AS number FROM pragma_application_id')
  if (id !== APPLICATION_ID) return 'it is not a database of Postern'
  const version = numberOf(database, 'SELECT user_version AS number FROM pragma_user_version')
  if (version > SCHEMA_VERSION) {
    throw new Fault('store/version', `the database is of version ${version}, this Postern knows ${SCHEMA_VERSION}`, {
      mend: 'use the Postern that wrote it, or a newer one',
    })
  }
  if (version !== SCHEMA_VERSION) return `its version is ${version}`
  const [first] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
  return first?.quick_check === 'ok' ? undefined : (first?.quick_check ?? 'it cannot be checked')
}

function numberOf(database: DatabaseSync, sql: string): number {
  return (database.prepare(sql).get() as { number: number }).number
}
