import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { type ManifestFile, parseManifests } from './manifest.ts'
import { entriesOf, isDirectory, isOpen, MANIFEST_NAME, statOf } from './manifest-directory.ts'
import { YAML_LIMITS } from './yaml-document.ts'

/** The name that stands for standard input, as for kubectl. */
export const STDIN = '-'

const MAX_FILES = 10_000

/**
 * The files that `-f PATH...` means, in a stable order: a directory stands for its *.yaml, *.yml and *.json, recursively and by
 * name; names that begin with a dot are left out (editors' swap files, the hidden directories of mounted ConfigMaps).
 * A path that does not exist is kept, as is a directory that this user may not read: reading it says so. Throws a Fault beyond 10,000 files.
 */
export function listManifestFiles(paths: readonly string[]): readonly string[] {
  const files = new Set<string>()
  for (const path of paths) {
    for (const file of path !== STDIN && isDirectory(path) ? walk(path) : [path]) files.add(file)
    if (files.size > MAX_FILES) {
      throw new Fault('config/too-many-files', `${JSON.stringify(path)} holds more than ${MAX_FILES} files`)
    }
  }
  return [...files]
}

/** Reads one file's objects; what cannot be read becomes an error message. Standard input is read to its end. */
export function readManifestFile(file: string): ManifestFile {
  const read = readText(file)
  if (read.kind === 'text') return parseManifests(file, read.text)
  return { file, manifests: [], messages: [{ level: 'error', file, line: 1, column: 1, path: '', text: read.why }] }
}

/** What a file says, or why it cannot be told; never more than the limit of one YAML text. */
export function readText(
  file: string,
): { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unreadable'; readonly why: string } {
  try {
    const bytes = readBounded(file === STDIN ? 0 : file)
    if (bytes === undefined) return { kind: 'unreadable', why: `the file is larger than ${YAML_LIMITS.bytes} bytes` }
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (thrown) {
    return { kind: 'unreadable', why: whyUnreadable(file, thrown) }
  }
}

function whyUnreadable(file: string, thrown: unknown): string {
  if (thrown instanceof TypeError) return 'the file is not UTF-8 text'
  return isOpen(file) ? `cannot be read: ${messageOf(thrown)}` : 'the directory cannot be read: permission denied'
}

function* walk(directory: string): Generator<string> {
  if (!isOpen(directory)) yield directory
  for (const { name } of entriesOf(directory)) {
    const path = join(directory, name)
    if (MANIFEST_NAME.test(name) && statOf(path)?.isFile()) yield path
  }
  for (const entry of entriesOf(directory)) {
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* walk(join(directory, entry.name))
  }
}

const PIECE_BYTES = 65_536

/** Everything a file, pipe or descriptor holds; undefined when that is more than the limit. */
function readBounded(file: string | number): Uint8Array | undefined {
  const descriptor = typeof file === 'number' ? file : openSync(file, 'r')
  try {
    const pieces: Buffer[] = []
    let total = 0
    for (;;) {
      const piece = Buffer.alloc(PIECE_BYTES)
      const count = readPiece(descriptor, piece)
      if (count === 0) return Buffer.concat(pieces)
      total += count
      if (total > YAML_LIMITS.bytes) return undefined
      pieces.push(piece.subarray(0, count))
    }
  } finally {
    if (typeof file !== 'number') closeSync(descriptor)
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4))

/** Standard input may be a terminal or pipe in non-blocking mode: then there is nothing to read yet. */
function readPiece(descriptor: number, piece: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, piece)
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw thrown
      Atomics.wait(PAUSE, 0, 0, 10)
    }
  }
}
