import { readFileSync } from 'node:fs'
import { isWithin } from '#base/is-within.ts'

/** One line of /proc/PID/mountinfo (proc(5)). */
export interface MountPoint {
  /** `major:minor` of the file system. */
  readonly device: string
  /** The directory of that file system which is shown here. */
  readonly root: string
  readonly path: string
  readonly type: string
}

export function readMountTable(): readonly MountPoint[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** In mount order: a later entry hides an earlier one at the same path. */
export function parseMountTable(text: string): readonly MountPoint[] {
  const mounts: MountPoint[] = []
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const [, , device, root, path] = left.split(' ')
    const [type] = right.split(' ')
    if (device === undefined || root === undefined || path === undefined || type === undefined) continue
    mounts.push({ device, root: unescapePath(root), path: unescapePath(path), type })
  }
  return mounts
}

/** Every path under which `path` can be reached: the same file system may be mounted in several places. */
export function everyPathOf(path: string, mounts: readonly MountPoint[]): readonly string[] {
  const home = mountOf(path, mounts)
  if (home === undefined) return [path]
  const inner = innerPath(path, home)
  const paths = new Set([path])
  for (const mount of mounts) {
    if (mount.device === home.device && isWithin(inner, mount.root)) {
      paths.add(join(mount.path, inner.slice(mount.root === '/' ? 0 : mount.root.length)))
    }
  }
  return [...paths]
}

/** Where something within the directory `path` is mounted by itself: what is done there is done in the directory. */
export function partsOf(path: string, mounts: readonly MountPoint[]): readonly string[] {
  const home = mountOf(path, mounts)
  if (home === undefined) return []
  const inner = innerPath(path, home)
  return mounts
    .filter(({ device, root }) => device === home.device && root !== inner && isWithin(root, inner))
    .map((mount) => mount.path)
}

/** Where what is mounted within the directory `path` can be reached, there and elsewhere. */
export function mountedWithin(path: string, mounts: readonly MountPoint[]): readonly string[] {
  return mounts
    .filter((mount) => mount.path !== path && isWithin(mount.path, path))
    .flatMap((mount) => everyPathOf(mount.path, mounts))
}

/** The path as the file system itself has it. */
function innerPath(path: string, { root, path: place }: MountPoint): string {
  return join(root, path.slice(place === '/' ? 0 : place.length))
}

function mountOf(path: string, mounts: readonly MountPoint[]): MountPoint | undefined {
  let deepest: MountPoint | undefined
  for (const mount of mounts) {
    if (isWithin(path, mount.path) && mount.path.length >= (deepest?.path.length ?? 0)) deepest = mount
  }
  return deepest
}

function join(directory: string, rest: string): string {
  if (rest === '' || rest === '/') return directory
  return directory === '/' ? rest : directory + rest
}

/** Blanks, tabs, newlines and backslashes stand as three octal digits. */
function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
