import { join } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { corrupt } from './corrupt.ts'
import { createTables, MEMORY, openDatabase } from './database.ts'
import { databasesIn, finishInstall, installDatabase } from './database-files.ts'
import { createPrivateDirectory } from './durable-file.ts'
import { HeadFile, type StoreHead } from './head-file.ts'
import { type HistoryLimit, Journal, type Sealing, writeHead } from './journal.ts'
import { loadState } from './load-state.ts'
import { checkDatabase, readRows, type StoreRows } from './read-rows.ts'
import { EMPTY_DIGEST } from './rows.ts'
import { SqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'
import { lockStore } from './store-lock.ts'
import { openVault } from './vault.ts'

export interface StoreOptions {
  /** Made with mode 0700 when it is not there. It belongs to the store alone. */
  readonly directory: string
  /** Kinds whose values are sealed on disk, and the file of the key, made with mode 0600 for a new store. Default: none. */
  readonly encrypted?: {
    readonly keyFile: string
    readonly kinds: readonly { readonly group: string; readonly plural: string }[]
  }
  /** Default: 10,000 events, 16 MB. */
  readonly history?: HistoryLimit
}

const HISTORY: HistoryLimit = { events: 10_000, bytes: 16 * 1024 * 1024 }
const FIRST_DATABASE = 'store-1.db'
const NEW_HEAD = { revision: 0, compacted: 0, digest: EMPTY_DIGEST, key_id: '' }

/**
 * Opens the store of a directory, or makes a new one. Everything is read and checked before anything is written: what is refused is left as it
 * was found. Throws a Fault `store/locked`, `store/corrupt`, `store/version`, `store/key` or `store/open`.
 */
export function openStore(options: StoreOptions): Store {
  const { directory } = options
  let release: (() => void) | undefined
  try {
    createPrivateDirectory(directory)
    release = lockStore(directory)
    return openLocked(options, release)
  } catch (thrown) {
    release?.()
    if (thrown instanceof Fault) throw thrown
    throw new Fault('store/open', `the store in "${directory}" cannot be opened: ${messageOf(thrown)}`, {
      cause: thrown,
    })
  }
}

/** The same store with nothing on disk: for tests. */
export function openMemoryStore(limit: HistoryLimit = HISTORY): Store {
  const database = openDatabase(MEMORY, 'write')
  createTables(database, () => writeHead(database, NEW_HEAD))
  const rows = readRows(database, MEMORY, 0)
  const journal = new Journal({ database, headFile: undefined, sealing: undefined, limit, rows })
  return new SqliteStore(journal, loadState(rows, MEMORY, undefined), () => {})
}

function openLocked({ directory, encrypted, history: limit = HISTORY }: StoreOptions, release: () => void): Store {
  const head = headOf(directory) ?? makeStore(directory)
  const path = finishInstall(directory, head.database)
  const rows = checkDatabase(path, head.revision)
  const sealing = sealingOf(rows, path, encrypted)
  const state = loadState(rows, path, sealing?.vault)
  const headFile = HeadFile.follow(directory, head.database, rows.head.revision)
  const journal = new Journal({ database: openDatabase(path, 'write'), headFile, sealing, limit, rows })
  return new SqliteStore(journal, state, release)
}

/** What the head file says; undefined when there is no store here yet. */
function headOf(directory: string): StoreHead | undefined {
  const reading = HeadFile.read(directory)
  if (reading.kind === 'head') return reading.head
  if (reading.kind === 'unreadable') throw corrupt(join(directory, 'head'), reading.reason)
  const [database] = databasesIn(directory)
  if (database === undefined) return undefined
  throw corrupt(join(directory, database), 'the file "head" beside it is missing')
}

function makeStore(directory: string): StoreHead {
  return installDatabase(directory, FIRST_DATABASE, (path) => {
    const database = openDatabase(path, 'write')
    createTables(database, () => writeHead(database, NEW_HEAD))
    database.close()
    return { database: FIRST_DATABASE, revision: 0 }
  })
}

function sealingOf(rows: StoreRows, path: string, encrypted: StoreOptions['encrypted']): Sealing | undefined {
  if (encrypted !== undefined) {
    return { vault: openVault(encrypted.keyFile, rows.head.key_id), kinds: encrypted.kinds }
  }
  if (rows.head.key_id === '') return undefined
  throw new Fault(
    'store/key',
    `the database "${path}" holds values sealed with key ${rows.head.key_id}, and no key is named`,
    {
      mend: 'name the key file of this store',
    },
  )
}
