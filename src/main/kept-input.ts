import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '#base/fault.ts'
import { readText, STDIN } from '#kube/manifest-files.ts'

/**
 * Whether a file of configuration is one of this process's own, without a name for others: standard input, what a shell makes of `<(...)` and `<<`.
 * Throws a Fault `control/invalid-configuration` for a descriptor that the shell did not open: it may be one of Node's, in which nothing will ever be.
 */
export function isInput(file: string): boolean {
  if (file === STDIN) return true
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory() || hasName(file)) return false
  if ((stat.isFIFO() || stat.isFile()) && !isNonBlocking(file)) return true
  throw new Fault('control/invalid-configuration', `${file}:1:1: error: there is no such descriptor`)
}

function hasName(file: string): boolean {
  try {
    return existsSync(realpathSync(file))
  } catch {
    return false
  }
}

/** As Node's own are; those of shells are not. */
function isNonBlocking(file: string): boolean {
  const descriptor = Number(/^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(file)?.[1] ?? 0)
  if (descriptor <= 2) return false
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0'
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0
}

/**
 * What such inputs said, for a control process that is started again. Each start finds them from their beginning.
 * They are files without a name, 0600 before.
 */
export class KeptInputs {
  readonly #descriptors = new Map<string, number>()

  /** Reads the inputs among `files` to their ends. Throws a Fault `control/invalid-configuration` for one that cannot be read. */
  constructor(files: readonly string[]) {
    for (const file of files) {
      if (this.#descriptors.has(file) || !isInput(file)) continue
      const read = readText(file)
      if (read.kind === 'unreadable') {
        throw new Fault('control/invalid-configuration', `${file}:1:1: error: ${read.why}`)
      }
      this.#descriptors.set(file, keep(read.text))
    }
  }

  /** Opens them for a process that is to have them as its descriptors from `first` on; standard input as 0. `close` when it has. */
  open(files: readonly string[], first: number) {
    const names = [...this.#descriptors.keys()].filter((file) => file !== STDIN)
    const reopen = (file: string): number => openSync(`/proc/self/fd/${this.#descriptors.get(file)}`, 'r')
    const input = this.#descriptors.has(STDIN) ? reopen(STDIN) : undefined
    const others = names.map(reopen)
    return {
      input,
      others,
      files: files.map((file) => (names.includes(file) ? `/dev/fd/${first + names.indexOf(file)}` : file)),
      close(): void {
        for (const descriptor of [...others, ...(input === undefined ? [] : [input])]) closeSync(descriptor)
      },
    }
  }

  close(): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor)
    this.#descriptors.clear()
  }
}

function keep(text: string): number {
  const directory = makeDirectory()
  try {
    const path = join(directory, 'input')
    // Whatever the umask has left.
    chmodSync(directory, 0o700)
    writeFileSync(path, text, { mode: 0o600 })
    chmodSync(path, 0o600)
    return openSync(path, 'r')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Where temporary files go; TMPDIR may be anything, so else where they go on every system. */
function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'postern-'))
  } catch {
    return mkdtempSync('/tmp/postern-')
  }
}
