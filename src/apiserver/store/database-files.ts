import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createPrivateFile, renameDurably, syncPath } from './durable-file.ts'
import { HeadFile, type StoreHead } from './head-file.ts'

const LOG_ENDINGS = ['-wal', '-shm']
const DATABASE = /^store-(\d+)\.db$/

/** The databases of a store directory, the oldest first: the one in force, and those that a restore replaced. */
export function databasesIn(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => DATABASE.test(name))
  return names.sort((a, b) => numberOf(a) - numberOf(b))
}

/** The name for the database after the newest one. */
export function nextDatabase(directory: string): string {
  return `store-${numberOf(databasesIn(directory).at(-1) ?? 'store-0.db') + 1}.db`
}

/**
 * Puts a new database in force: `make` fills it under another name, then the head names it, then it gets its name. Before the head is written
 * nothing has changed, and after that `finishInstall` goes on; so a head without a database, or a database without a head, is a loss
 * and never a step of this.
 */
export function installDatabase(directory: string, name: string, make: (path: string) => StoreHead): StoreHead {
  const path = unnamed(directory, name)
  for (const ending of ['', '-journal', ...LOG_ENDINGS]) rmSync(`${path}${ending}`, { force: true })
  createPrivateFile(path)
  const head = make(path)
  dropLog(path)
  syncPath(path)
  HeadFile.write(directory, head)
  finishInstall(directory, name)
  return head
}

/** The path of the database that the head names; the last step of an installation is made up for when a crash left it out. */
export function finishInstall(directory: string, name: string): string {
  const path = join(directory, name)
  if (!existsSync(path) && existsSync(unnamed(directory, name))) renameDurably(unnamed(directory, name), path)
  return path
}

/** What was read of a database leaves an empty log beside it, which would not follow it to its name. One that is not empty must not be lost. */
function dropLog(path: string): void {
  const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (size > 0) throw new Error(`the log of "${path}" could not be moved into it`)
  for (const ending of LOG_ENDINGS) rmSync(`${path}${ending}`, { force: true })
}

function unnamed(directory: string, name: string): string {
  return join(directory, `${name}.new`)
}

function numberOf(database: string): number {
  return Number(DATABASE.exec(database)?.[1])
}
