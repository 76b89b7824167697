import { lstatSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isWithin } from '#base/is-within.ts'
import type { FilesystemPlan } from '#capsule/agent/messages.ts'
import { everyPathOf, type MountPoint, readMountTable } from './mount-table.ts'
import { directoriesAbove, readOnlyPaths } from './read-only-paths.ts'
import { isSocketFile, type PathSocket, readPathSocketsEverywhere } from './unix-sockets.ts'

/** File systems that are windows into the kernel: wherever else they are mounted, they are covered. */
const kernelFilesystems = new Set([
  'binfmt_misc',
  'bpf',
  'cgroup',
  'cgroup2',
  'configfs',
  'debugfs',
  'devpts',
  'devtmpfs',
  'efivarfs',
  'fusectl',
  'proc',
  'pstore',
  'securityfs',
  'sysfs',
  'tracefs',
])

/** Kernel windows that stay covered even in their usual place, because being their owner is enough to use them. */
const neverShown = new Set(['bpf', 'configfs', 'debugfs', 'tracefs'])

/** Where services keep their sockets: emptied as a whole, so that sockets of later services never appear. */
const runtimeDirectories = ['/run', '/var/run', '/tmp/.X11-unix', '/tmp/.ICE-unix']

/** What of the host a program is to find, see CapsuleOptions. */
interface HostViewOptions {
  readonly sharedSockets: readonly string[]
  readonly hiddenDirectories?: readonly string[]
}

/** What is hidden from a program, seen from the host's side before the capsule exists. */
export class HostView {
  /** Where XDG_RUNTIME_DIR leads; undefined when it is not set or no directory. */
  readonly runtimeDirectory: string | undefined
  readonly #mounts: readonly MountPoint[]
  readonly #covered: readonly string[]
  readonly #hidden: readonly string[]
  readonly #sharedSockets: readonly string[]
  #known: ReadonlySet<string> = new Set()

  constructor(env: NodeJS.ProcessEnv, options: HostViewOptions) {
    const { sharedSockets, hiddenDirectories = [] } = options
    this.#mounts = readMountTable()
    // By the name that the user gave, and as what it is where that is a link.
    this.#sharedSockets = [
      ...new Set(sharedSockets.flatMap((path) => [resolve(path), realPath(path) ?? resolve(path)])),
    ]
    const runtimeDirectory = absoluteDirectory(env.XDG_RUNTIME_DIR)
    this.runtimeDirectory = runtimeDirectory
    this.#hidden = hiddenDirectories.flatMap((path) => absoluteDirectory(path) ?? [])
    const ownRuntime = runtimeDirectory === undefined ? [] : [runtimeDirectory]
    const wanted = [...runtimeDirectories, ...ownRuntime, ...this.#hidden]
    const emptied = wanted.filter(isDirectory).flatMap((path) => everyPathOf(path, this.#mounts))
    // Nothing can be laid over the root (XDG_RUNTIME_DIR=/), and what counts as covered is hidden and protected in no other way.
    const coverable = emptied.filter((path) => path !== '/' && isDirectory(path))
    this.#covered = outermost([...coverable, ...strayKernelWindows(this.#mounts)])
  }

  /** What the agent is to do, where the program may not change what `readOnly` names. */
  plan(readOnly: readonly string[]): FilesystemPlan {
    const { paths, above } = readOnlyPaths(readOnly, this.#covered, this.#mounts)
    // Nothing false is to take the place of what is hidden. Where more is covered, that is out of reach anyway.
    const aboveHidden = this.#hidden.filter((path) => this.#covered.includes(path)).flatMap(directoriesAbove)
    return {
      heldDirectories: outermostFirst([...above, ...aboveHidden]),
      readOnlyPaths: paths,
      coveredDirectories: this.#covered,
      runtimeDirectory: this.runtimeDirectory,
      sharedSockets: this.#sharedSockets,
      resolvConf: resolvedFile('/etc/resolv.conf'),
      nsswitchConf: resolvedFile('/etc/nsswitch.conf'),
    }
  }

  /** Every path of every socket to hide when the program starts. */
  socketsToMask(): readonly string[] {
    return this.newSockets(readPathSocketsEverywhere())
  }

  /**
   * The paths of those `sockets` that were not among those of the last time, and that no covered directory hides. Services end at
   * any moment: what has gone needs no hiding.
   */
  newSockets(sockets: readonly PathSocket[]): readonly string[] {
    const known = this.#known
    this.#known = new Set(sockets.map(identityOf))
    const fresh = sockets
      .filter((socket) => !known.has(identityOf(socket)) && isSocketFile(socket.path))
      .flatMap(({ path }) => realPath(path) ?? [])
      .flatMap((path) => everyPathOf(path, this.#mounts))
    return [...new Set(fresh)].filter((path) => !this.#isHidden(path) && isSocketFile(path))
  }

  #isHidden(path: string): boolean {
    if (this.#sharedSockets.includes(path)) return true
    return this.#covered.some((directory) => isWithin(path, directory))
  }
}

function strayKernelWindows(mounts: readonly MountPoint[]): readonly string[] {
  const usual = ['/proc', '/sys', '/dev']
  return mounts
    .filter(
      ({ type, path }) =>
        neverShown.has(type) || (kernelFilesystems.has(type) && !usual.some((place) => isWithin(path, place))),
    )
    .map(({ path }) => path)
    .filter(isDirectory)
}

function outermostFirst(directories: readonly string[]): readonly string[] {
  return [...new Set(directories)].sort((one, other) => one.length - other.length)
}

/** Without those that lie within another: covering that one hides them. */
function outermost(directories: readonly string[]): readonly string[] {
  const unique = [...new Set(directories)]
  return unique.filter((path) => !unique.some((other) => other !== path && isWithin(path, other)))
}

function identityOf({ path, inode }: PathSocket): string {
  return `${inode} ${path}`
}

/** Where a directory really is, whatever links lead there. */
function absoluteDirectory(path: string | undefined): string | undefined {
  const real = path?.startsWith('/') === true ? realPath(path) : undefined
  return real !== undefined && isDirectory(real) ? real : undefined
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** A directory that is not a link to another: /var/run is usually a link to /run. */
function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory()
  } catch {
    return false
  }
}

function resolvedFile(path: string): string | undefined {
  const resolved = realPath(path)
  return resolved !== undefined && statSync(resolved, { throwIfNoEntry: false })?.isFile() ? resolved : undefined
}
