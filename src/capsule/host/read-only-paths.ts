import { lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { isWithin } from '#base/is-within.ts'

export interface ReadOnlyPaths {
  readonly paths: readonly string[]
  /** Every directory above them but the root. */
  readonly above: readonly string[]
}

/** Where what is to be read-only really is; pipes, what does not exist, and what is covered anyway need no care. */
export function readOnlyPaths(wanted: readonly string[], covered: readonly string[]): ReadOnlyPaths {
  const paths = new Set<string>()
  const above = new Set<string>()
  for (const path of wanted) {
    const found = realPath(path)
    if (found === undefined || covered.some((directory) => isWithin(found, directory))) continue
    paths.add(found)
    for (const parent of directoriesAbove(found)) above.add(parent)
  }
  return { paths: [...paths], above: [...above] }
}

/** Every directory above an absolute path but the root. */
export function directoriesAbove(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === '/' ? [] : [...directoriesAbove(parent), parent]
}

function realPath(path: string): string | undefined {
  try {
    const real = realpathSync(path)
    const status = lstatSync(real)
    return (status.isFile() || status.isDirectory()) && !/^\/(?:proc|sys|dev)\//.test(real) ? real : undefined
  } catch {
    return undefined
  }
}
