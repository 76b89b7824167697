import { resolve } from 'node:path'
import { checkManifestFile, type DocumentFile } from '#api/document.ts'
import { parseManifests } from '#kube/manifest.ts'
import { statOf } from '#kube/manifest-directory.ts'
import { listManifestFiles, readText, STDIN } from '#kube/manifest-files.ts'
import type { Message } from '#kube/message.ts'

/** One look at the files: what they say, and whether a writer was at work meanwhile. */
export interface FileReading {
  readonly files: readonly DocumentFile[]
  /** Named paths that are not there (any more). */
  readonly missing: readonly Message[]
  /** Something differs from the reading before. */
  readonly changed: boolean
  /** A file changed while it was read. */
  readonly torn: boolean
  /** A file went away or holds less than half of what it did: perhaps a writer has only begun. */
  readonly shrunk: boolean
}

interface KnownFile {
  readonly signature: string
  readonly text: string
  readonly checked: DocumentFile
}

/** The files of `-f PATH...`, parsed again only where their text changed. */
export class FileSet {
  readonly #paths: readonly string[]
  #known = new Map<string, KnownFile>()

  constructor(paths: readonly string[]) {
    this.#paths = paths
  }

  /**
   * Reads what changed since the last reading; `touched` files (absolute paths) are read even when their time and size are the same.
   * Throws a Fault when there are too many files.
   */
  read(touched: ReadonlySet<string>): FileReading {
    const missing = this.#paths.filter((path) => path !== STDIN && statOf(path) === undefined)
    const known = new Map<string, KnownFile>()
    let torn = false
    let shrunk = false
    for (const file of listManifestFiles(this.#paths.filter((path) => !missing.includes(path)))) {
      const before = this.#known.get(file)
      const now = readFile(file, before, touched.has(resolve(file)))
      known.set(file, now)
      torn ||= now !== before && signatureOf(file) !== now.signature
      shrunk ||= before !== undefined && now.text.length * 2 < before.text.length
    }
    for (const file of this.#known.keys()) shrunk ||= !known.has(file)
    const changed = !sameDocuments(this.#known, known)
    this.#known = known
    const files = [...known.values()].map((one) => one.checked)
    return { files, missing: missing.map(missingMessage), changed, torn, shrunk }
  }
}

function readFile(file: string, before: KnownFile | undefined, touched: boolean): KnownFile {
  const signature = signatureOf(file)
  if (before !== undefined && signature === ONCE) return before
  if (before !== undefined && !touched && before.signature === signature) return before
  const read = readText(file)
  if (read.kind === 'unreadable') return { signature, text: '', checked: unreadable(file, read.why) }
  if (before !== undefined && before.text === read.text && before.text !== '') return { ...before, signature }
  return { signature, text: read.text, checked: checkManifestFile(parseManifests(file, read.text)) }
}

/** The signature of what can be read only once: standard input, and pipes such as a shell's `<(command)`. */
const ONCE = 'once'

/** What changes when a file is written or replaced. */
function signatureOf(file: string): string {
  const stat = file === STDIN ? undefined : statOf(file)
  if (stat === undefined) return file === STDIN ? ONCE : ''
  return stat.isFile() ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : ONCE
}

function sameDocuments(before: ReadonlyMap<string, KnownFile>, now: ReadonlyMap<string, KnownFile>): boolean {
  if (before.size !== now.size) return false
  return [...now].every(([file, one]) => before.get(file)?.checked === one.checked)
}

function missingMessage(path: string): Message {
  return { level: 'error', file: path, line: 1, column: 1, path: '', text: 'there is no such file or directory' }
}

function unreadable(file: string, why: string): DocumentFile {
  return { file, documents: [], messages: [{ level: 'error', file, line: 1, column: 1, path: '', text: why }] }
}
