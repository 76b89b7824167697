import { type BigIntStats, opendirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Which files of a directory hold objects. */
export const MANIFEST_NAME = /^[^.].*\.(?:yaml|yml|json)$/i

export function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false
}

/** What the file system says of a path, links followed; undefined when it cannot be reached. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}

/** Directories at and below `directory`, links to directories not followed (they may lead in circles). */
export function listDirectories(directory: string): readonly string[] {
  const below = entriesOf(directory)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap((entry) => listDirectories(join(directory, entry.name)))
  return [directory, ...below]
}

/** Links in a directory that may stand for files. */
export function listLinks(directory: string): readonly string[] {
  return entriesOf(directory)
    .filter((entry) => entry.isSymbolicLink() && MANIFEST_NAME.test(entry.name))
    .map((entry) => join(directory, entry.name))
}

/** False for a directory whose entries this user may not list, or not reach. */
export function isOpen(path: string): boolean {
  try {
    opendirSync(path).closeSync()
    statSync(`${path}/.`)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'EACCES' || !isDirectory(path)
  }
}

/** Entries by name; none when the directory went away meanwhile. */
export function entriesOf(directory: string) {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    return []
  }
}
