import { lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { isWithin } from '#base/is-within.ts'
import { everyPathOf, type MountPoint, mountedWithin, partsOf } from './mount-table.ts'

export interface ReadOnlyPaths {
  readonly paths: readonly string[]
  /** Every directory above them but the root. */
  readonly above: readonly string[]
}

/**
 * Where what is to be read-only really is, at every place where its file system, a part of it, or what is mounted within it can be reached; pipes, what does not exist, and
 * what is covered anyway need no care.
 */
export function readOnlyPaths(
  wanted: readonly string[],
  covered: readonly string[],
  mounts: readonly MountPoint[],
): ReadOnlyPaths {
  const paths = new Set<string>()
  const above = new Set<string>()
  for (const path of wanted) {
    const found = realPath(path)
    if (found === undefined) continue
    const same = everyPathOf(found, mounts).filter((place) => isSame(place, found))
    const parts = [...partsOf(found, mounts), ...mountedWithin(found, mounts)].filter(
      (place) => realPath(place) === place,
    )
    for (const place of [...same, ...parts]) {
      if (covered.some((directory) => isWithin(place, directory))) continue
      paths.add(place)
      for (const parent of directoriesAbove(place)) above.add(parent)
    }
  }
  return { paths: [...paths], above: [...above] }
}

/** Every directory above an absolute path but the root. */
export function directoriesAbove(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === '/' ? [] : [...directoriesAbove(parent), parent]
}

/** Something else may be mounted over one of the places. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [one, other].map((path) => lstatSync(path, { throwIfNoEntry: false }))
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev
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
