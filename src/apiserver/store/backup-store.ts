import { renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { corrupt } from './corrupt.ts'
import { openDatabase } from './database.ts'
import { databasesIn, finishInstall, installDatabase, nextDatabase } from './database-files.ts'
import { createPrivateDirectory, createPrivateFile, syncPath } from './durable-file.ts'
import { HeadFile } from './head-file.ts'
import { writeHead } from './journal.ts'
import { checkDatabase, readRows, type StoreRows } from './read-rows.ts'
import { lockStore } from './store-lock.ts'

export interface BackupSummary {
  /** The state that the file holds. */
  readonly revision: number
  readonly objects: number
  /** The key that opens its Secrets, which is not in it; "" when none are sealed. */
  readonly keyId: string
}

export interface RestoreSummary extends BackupSummary {
  /** Where the database lies that was in force before; undefined when there was none. */
  readonly replaced: string | undefined
}

/**
 * Writes what a store holds at one revision into one file of mode 0600, checked before it gets its name. A server may have the store open.
 * Throws a Fault `store/absent`, `store/corrupt` or `store/backup`.
 */
export function backupStore(directory: string, file: string): BackupSummary {
  const reading = HeadFile.read(directory)
  if (reading.kind === 'unreadable') throw corrupt(join(directory, 'head'), reading.reason)
  if (reading.kind === 'absent') throw new Fault('store/absent', `there is no store in "${directory}"`)
  if (resolve(dirname(file)) === resolve(directory)) {
    throw new Fault('store/backup', `the backup "${file}" would lie in the store itself`, {
      mend: 'name a file elsewhere',
    })
  }
  const path = join(directory, reading.head.database)
  const temporary = `${file}.new`
  try {
    rmSync(temporary, { force: true })
    createPrivateFile(temporary)
    copyDatabase(path, temporary)
    const rows = checkDatabase(temporary, reading.head.revision, path)
    syncPath(temporary)
    renameSync(temporary, file)
    syncPath(dirname(file))
    return summaryOf(rows)
  } catch (thrown) {
    rmSync(temporary, { force: true })
    if (thrown instanceof Fault) throw thrown
    if (isDamage(thrown)) throw corrupt(path, messageOf(thrown), thrown)
    throw new Fault('store/backup', `the backup "${file}" cannot be written: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/**
 * Puts the content of a backup in force as a new database; the one that was in force is left beside it, as it is. Its revision is above
 * every one that was told of, and its history is empty, so that whoever follows the store lists anew.
 * Throws a Fault `store/locked` while a server runs, `store/exists` when there is a store and `replace` is not set, `store/backup` when the file is
 * damaged or no backup.
 */
export function restoreStore(file: string, directory: string, replace: boolean): RestoreSummary {
  const backup = checkBackup(file)
  let release: (() => void) | undefined
  try {
    createPrivateDirectory(directory)
    release = lockStore(directory)
    const present = presentIn(directory)
    if (present !== undefined && !replace) {
      throw new Fault('store/exists', `there is a store in "${directory}"`, {
        mend: 'postern restore FILE --force puts the backup in its place; the present database is kept beside it',
      })
    }
    const revision = Math.max(backup.head.revision, present?.revision ?? 0) + 1
    const name = nextDatabase(directory)
    installDatabase(directory, name, (path) => {
      copyDatabase(file, path)
      beginAnew(path, revision)
      checkDatabase(path, revision)
      return { database: name, revision }
    })
    return { ...summaryOf(backup), revision, replaced: present?.path }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('store/backup', `"${file}" cannot be restored: ${messageOf(thrown)}`, { cause: thrown })
  } finally {
    release?.()
  }
}

function checkBackup(file: string): StoreRows {
  try {
    return checkDatabase(file, 0)
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'store/version') throw thrown
    throw new Fault('store/backup', `"${file}" cannot be restored: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/** What is in force, and the newest revision that it can have told anybody of, as far as either can be read; undefined where nothing is. */
function presentIn(directory: string): { readonly path: string; readonly revision: number } | undefined {
  const reading = HeadFile.read(directory)
  if (reading.kind !== 'head') {
    const isNew = reading.kind === 'absent' && databasesIn(directory).length === 0
    return isNew ? undefined : { path: directory, revision: 0 }
  }
  const path = finishInstall(directory, reading.head.database)
  try {
    return { path, revision: Math.max(reading.head.revision, revisionIn(path)) }
  } catch {
    return { path, revision: reading.head.revision }
  }
}

function revisionIn(path: string): number {
  const database = openDatabase(path, 'read')
  try {
    return (database.prepare('SELECT revision FROM head').get() as { revision: number }).revision
  } finally {
    database.close()
  }
}

/** Copies a database at one of its revisions, without the space that nothing uses. `to` is an empty file. */
function copyDatabase(from: string, to: string): void {
  const database = openDatabase(from, 'read')
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
}

/** Forgets the history of a database and gives it a revision. */
function beginAnew(path: string, revision: number): void {
  const database = openDatabase(path, 'write')
  try {
    const { head } = readRows(database, path, 0)
    database.exec('BEGIN IMMEDIATE; DELETE FROM history')
    writeHead(database, { ...head, revision, compacted: revision })
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

function summaryOf({ head, objects }: StoreRows): BackupSummary {
  return { revision: head.revision, objects: objects.length, keyId: head.key_id }
}

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** Whether the store itself is damaged, rather than the place that the backup goes to. */
function isDamage(thrown: unknown): boolean {
  const { errcode } = thrown as { readonly errcode?: number }
  return errcode !== undefined && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(errcode & 0xff)
}
