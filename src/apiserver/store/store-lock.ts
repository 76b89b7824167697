import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '#base/fault.ts'
import { createPrivateFile } from './durable-file.ts'

const SQLITE_BUSY = 5

/**
 * Takes the store for this process, and answers how to give it back. The lock is the kernel's, on an empty file that SQLite holds open, so
 * it ends with the process however that ends. Throws a Fault `store/locked` with the process that has it.
 */
export function lockStore(directory: string): () => void {
  const path = join(directory, 'lock')
  const ownerPath = join(directory, 'owner')
  // Opened and closed by this process a second time, it would lose the lock that this process may have on it.
  if (!existsSync(path)) createPrivateFile(path)
  const lock = new DatabaseSync(path)
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (thrown) {
    lock.close()
    if ((thrown as { readonly errcode?: number }).errcode !== SQLITE_BUSY) throw thrown
    throw new Fault('store/locked', `the store in "${directory}" is in use by ${ownerOf(ownerPath)}`, {
      mend: 'end that process first (postern down), or name another directory',
    })
  }
  writeFileSync(ownerPath, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(ownerPath, { force: true })
    lock.close()
  }
}

function ownerOf(path: string): string {
  const pid = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  return pid === '' ? 'another process' : `process ${pid}`
}
