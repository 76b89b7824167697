import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isDirectory, listDirectories, STDIN } from '#kube/manifest-files.ts'

/** How often files are looked at without any notice of change: some file systems give none. */
const POLL_MS = 1000

/**
 * Tells when something changes in or beside `paths`. Directories are watched, never files: editors and GitOps tools replace files by
 * renaming others over them, and a watch on the file would stay with the old one.
 */
export class FileWatch {
  readonly #paths: readonly string[]
  readonly #onTouched: (file: string | undefined) => void
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #poll: NodeJS.Timeout
  /** What is of interest in each directory. */
  #names: ReadonlyMap<string, ReadonlySet<string> | 'all'> = new Map()

  /** `onTouched` gets the absolute path of the file that changed; undefined when it is not known, or at every poll. */
  constructor(paths: readonly string[], onTouched: (file: string | undefined) => void) {
    this.#paths = paths.filter((path) => path !== STDIN)
    this.#onTouched = onTouched
    this.refresh()
    this.#poll = setInterval(() => {
      this.refresh()
      onTouched(undefined)
    }, POLL_MS)
  }

  /** Watches directories that are new, and no longer those that went away. */
  refresh(): void {
    const wanted = new Map<string, ReadonlySet<string> | 'all'>()
    for (const path of this.#paths) collectDirectories(path, wanted)
    this.#names = wanted
    for (const [directory, watcher] of this.#watchers) {
      if (wanted.has(directory)) continue
      watcher.close()
      this.#watchers.delete(directory)
    }
    for (const directory of wanted.keys()) if (!this.#watchers.has(directory)) this.#watch(directory)
  }

  close(): void {
    clearInterval(this.#poll)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, (_event, name) => this.#notice(directory, name))
      // A directory that went away, or too many watches: the poll goes on.
      watcher.on('error', () => this.#drop(directory, watcher))
      this.#watchers.set(directory, watcher)
    } catch {
      // The same: it may not exist yet.
    }
  }

  #notice(directory: string, name: string | null): void {
    const names = this.#names.get(directory)
    if (name === null) this.#onTouched(undefined)
    else if (names === 'all' || names?.has(name)) this.#onTouched(resolve(directory, name))
  }

  #drop(directory: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory)
  }
}

/** A directory and those below it; of a file its directory, and those its links lead to (mounted ConfigMaps). */
function collectDirectories(path: string, wanted: Map<string, ReadonlySet<string> | 'all'>): void {
  if (isDirectory(path)) {
    for (const directory of listDirectories(path)) wanted.set(directory, 'all')
    return
  }
  for (const file of [path, realPathOf(path)]) {
    const directory = dirname(file)
    const names = wanted.get(directory)
    if (names === 'all') continue
    // Kubernetes renames `..data` to change all files of a mounted ConfigMap at once.
    wanted.set(directory, new Set([...(names ?? []), basename(file), '..data']))
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
