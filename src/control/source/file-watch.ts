import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isDirectory, listDirectories, listLinks, statOf } from '#kube/manifest-directory.ts'
import { STDIN } from '#kube/manifest-files.ts'

/** A directory's watch stays with the directory that it was made for, also when another one has taken its name. */
interface Watched {
  readonly watcher: FSWatcher
  readonly identity: string
}

/** What is of interest: names in a directory, or all of them; the file itself. */
type Interest = ReadonlySet<string> | 'all' | 'itself'

/**
 * Tells when something changes in or beside `paths`. Directories are watched, because editors and GitOps tools replace files by renaming
 * others over them, and a watch on the file would stay with the old one. A file that was named itself is watched as well: one that is
 * mounted on its own (`docker run -v FILE:FILE`) is written to where its directory does not hear of it.
 */
export class FileWatch {
  readonly #paths: readonly string[]
  readonly #onTouched: (file: string | undefined) => void
  readonly #watchers = new Map<string, Watched>()
  readonly #poll: NodeJS.Timeout
  #names: ReadonlyMap<string, Interest> = new Map()

  /** `onTouched` gets the absolute path of the file that changed; undefined when it is not known, or at every poll. */
  constructor(paths: readonly string[], pollMs: number, onTouched: (file: string | undefined) => void) {
    this.#paths = paths.filter((path) => path !== STDIN)
    this.#onTouched = onTouched
    this.refresh()
    this.#poll = setInterval(() => {
      this.refresh()
      onTouched(undefined)
    }, pollMs)
  }

  /** Watches directories that are new or took the place of others, and no longer those that went away. */
  refresh(): void {
    const directories = new Map<string, ReadonlySet<string> | 'all'>()
    for (const path of this.#paths) collectDirectories(path, directories)
    const files = this.#paths.filter((path) => !directories.has(path))
    const wanted = new Map<string, Interest>([...directories, ...files.map((path) => [path, 'itself'] as const)])
    this.#names = wanted
    for (const [directory, { watcher, identity }] of this.#watchers) {
      if (!wanted.has(directory) || identityOf(directory) !== identity) this.#drop(directory, watcher)
    }
    for (const directory of wanted.keys()) if (!this.#watchers.has(directory)) this.#watch(directory)
  }

  close(): void {
    clearInterval(this.#poll)
    for (const { watcher } of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #watch(directory: string): void {
    try {
      const identity = identityOf(directory)
      const watcher = watch(directory, (_event, name) => {
        // Said of the directory itself, if no entry has its name: it was moved or removed, and the watch may be worth nothing.
        const isFile = this.#names.get(directory) === 'itself'
        if (name === basename(directory) && !isFile) this.#drop(directory, watcher)
        this.#notice(directory, name)
      })
      // A directory that went away, or too many watches: the poll goes on.
      watcher.on('error', () => this.#drop(directory, watcher))
      this.#watchers.set(directory, { watcher, identity })
    } catch {
      // The same: it may not exist yet.
    }
  }

  #notice(directory: string, name: string | null): void {
    const names = this.#names.get(directory)
    if (names === 'itself') this.#onTouched(resolve(directory))
    else if (name === null) this.#onTouched(undefined)
    else if (names === 'all' || names?.has(name)) this.#onTouched(resolve(directory, name))
  }

  #drop(directory: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.#watchers.get(directory)?.watcher === watcher) this.#watchers.delete(directory)
  }
}

/** A directory, those below it and those that links in them lead to; and where the path itself stands, which may be replaced, or be a link (mounted ConfigMaps). */
function collectDirectories(path: string, wanted: Map<string, ReadonlySet<string> | 'all'>): void {
  const directories = isDirectory(path) ? listDirectories(path) : []
  for (const directory of directories) wanted.set(directory, 'all')
  for (const link of directories.flatMap(listLinks)) addFile(realPathOf(link), wanted)
  for (const file of [path, realPathOf(path)]) addFile(file, wanted)
}

function addFile(file: string, wanted: Map<string, ReadonlySet<string> | 'all'>): void {
  const directory = dirname(file)
  const names = wanted.get(directory)
  if (names === 'all') return
  // Kubernetes renames `..data` to change all files of a mounted ConfigMap at once.
  wanted.set(directory, new Set([...(names ?? []), basename(file), '..data']))
}

function identityOf(directory: string): string {
  const stat = statOf(directory)
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
