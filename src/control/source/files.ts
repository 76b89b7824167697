import { type Configuration, combine, isValid } from '#api/configuration.ts'
import type { DocumentFile } from '#api/document.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { formatMessage, type Message } from '#kube/message.ts'
import type { ConfigInput, ConfigSource } from './config-input.ts'
import { type FileReading, FileSet } from './file-set.ts'
import { FileWatch } from './file-watch.ts'

export interface FileSourceOptions {
  /** Files, directories (*.yaml, *.yml, *.json in them, recursively), or `-` for standard input, which is read once. */
  readonly paths: readonly string[]
  /** Files cannot be used as they are now, and why: the last good configuration stays. Said once for each state of the files. */
  readonly onProblem: (errors: readonly Message[]) => void
  /** Warnings of a configuration that was taken, when they are not those of the one before. */
  readonly onWarning: (warnings: readonly Message[]) => void
  /** How often files are looked at without any notice of change, as some file systems give none; default 1,000 ms. */
  readonly pollMs?: number
}

const POLL_MS = 1000
/** A writer that touched a file may not be done: files are read when they have been left alone for so long, ... */
const SETTLE_MS = 8
/** ... or, when they lost content, for so long: truncating and writing anew, or unlinking and creating, are two steps ... */
const SHRUNK_SETTLE_MS = 40
/** ... but under constant change not later than this after the first touch. */
const MAX_SETTLE_MS = 60
/** Faulty files are complained of when nobody has mended them for so long: most were only half written. */
const PROBLEM_GRACE_MS = 150

/**
 * Configuration from files, watched. A file that goes away from a watched directory takes its objects with it: that is how people and GitOps
 * tools revoke. A path that was named itself and goes away is a problem instead, and the last good configuration stays: editors
 * unlink and create, and nobody revokes everything by deleting what a running command was told to read.
 * Throws a Fault that names every error when the files are not valid to begin with.
 */
export function openFileSource(options: FileSourceOptions): ConfigSource {
  return new FileSource(options)
}

class FileSource implements ConfigSource {
  readonly #options: FileSourceOptions
  readonly #files: FileSet
  readonly #watch: FileWatch
  readonly #listeners = new Set<() => void>()
  readonly #touched = new Set<string>()
  #current: ConfigInput
  #timer: NodeJS.Timeout | undefined
  #problemTimer: NodeJS.Timeout | undefined
  #firstTouch = 0
  #lastTouch = 0
  #saidProblem = ''
  #saidWarnings = ''
  #shrunk = false
  /** Something was read that has not been taken. */
  #unread = false
  #missing = ''

  constructor(options: FileSourceOptions) {
    this.#options = options
    this.#files = new FileSet(options.paths)
    const reading = this.#files.read(this.#touched)
    const configuration = combine(reading.files, 'error')
    const errors = errorsIn([...reading.missing, ...configuration.messages])
    if (errors.length > 0) throw invalidConfiguration(errors)
    this.#current = inputOf(configuration)
    this.#warn(configuration)
    this.#watch = new FileWatch(options.paths, options.pollMs ?? POLL_MS, (file) => this.#touch(file))
  }

  current(): ConfigInput {
    return this.#current
  }

  watch(onChange: () => void): () => void {
    const listener = () => onChange()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#watch.close()
    clearTimeout(this.#timer)
    clearTimeout(this.#problemTimer)
    this.#listeners.clear()
  }

  #touch(file: string | undefined): void {
    const now = performance.now()
    if (file !== undefined) this.#touched.add(file)
    this.#lastTouch = now
    if (this.#timer !== undefined) return
    this.#firstTouch = now
    this.#timer = setTimeout(() => this.#settle(), SETTLE_MS)
  }

  /** Reads when the files have been left alone long enough, else waits on. */
  #settle(): void {
    this.#timer = undefined
    const now = performance.now()
    const quiet = now - this.#lastTouch >= SETTLE_MS - 1
    if (!quiet && now - this.#firstTouch < MAX_SETTLE_MS) this.#wait(SETTLE_MS)
    else this.#read()
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#settle(), ms)
  }

  #read(): void {
    this.#watch.refresh()
    const reading = this.#reading()
    this.#touched.clear()
    if (reading === undefined) return
    this.#unread ||= reading.changed
    if (reading.torn) {
      this.#wait(SETTLE_MS)
      return
    }
    const waitedForMore = this.#shrunk
    this.#shrunk = false
    if (reading.shrunk && !waitedForMore) {
      this.#shrunk = true
      this.#wait(SHRUNK_SETTLE_MS)
      return
    }
    const missing = reading.missing.map(formatMessage).join()
    if (!this.#unread && missing === this.#missing) return
    this.#unread = false
    this.#missing = missing
    this.#take(reading.files, reading.missing)
  }

  #reading(): FileReading | undefined {
    try {
      return this.#files.read(this.#touched)
    } catch (thrown) {
      const [file = ''] = this.#options.paths
      this.#complain([{ level: 'error', file, line: 1, column: 1, path: '', text: messageOf(thrown) }])
      return undefined
    }
  }

  #take(files: readonly DocumentFile[], missing: readonly Message[]): void {
    const configuration = combine(files, 'error')
    const errors = errorsIn([...missing, ...configuration.messages])
    clearTimeout(this.#problemTimer)
    if (errors.length > 0) {
      this.#problemTimer = setTimeout(() => this.#complain(errors), PROBLEM_GRACE_MS)
      return
    }
    this.#saidProblem = ''
    this.#warn(configuration)
    this.#current = inputOf(configuration)
    for (const listener of [...this.#listeners]) listener()
  }

  #complain(errors: readonly Message[]): void {
    const text = errors.map(formatMessage).join('\n')
    if (text === this.#saidProblem) return
    this.#saidProblem = text
    this.#options.onProblem(errors)
  }

  #warn(configuration: Configuration): void {
    const warnings = configuration.messages.filter((message) => message.level === 'warning')
    const text = warnings.map(formatMessage).join('\n')
    if (text === this.#saidWarnings) return
    this.#saidWarnings = text
    if (warnings.length > 0) this.#options.onWarning(warnings)
  }
}

function inputOf({ meshConfig, serviceEntries, sidecars }: Configuration): ConfigInput {
  return { meshConfig, serviceEntries, sidecars }
}

function errorsIn(messages: readonly Message[]): readonly Message[] {
  return isValid(messages) ? [] : messages.filter((message) => message.level === 'error')
}

function invalidConfiguration(errors: readonly Message[]): Fault {
  const lines = errors.map((message) => `\n  ${formatMessage(message)}`).join('')
  return new Fault('config/invalid', `the configuration is not valid:${lines}`, {
    mend: 'postern validate -f FILE checks a file without running anything',
  })
}
