import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { Fault } from '#base/fault.ts'
import { ownEnvironment } from '#base/own-environment.ts'
import { programPath } from '#base/program-path.ts'
import type { ControlNews, ControlSettings } from './control-settings.ts'
import { KeptInputs } from './kept-input.ts'
import { removePrivateDirectory } from './private-directory.ts'

/** Behind standard input, output and error, and the channel. */
const FIRST_INPUT = 4
const RESTART_MS = 1_000
/** How long it may take to clean up after itself. */
const END_MS = 1_000
const NAME_BYTES = 8
/** A socket's path has room for 107 bytes, of which "/postern-", its random name and "/xds" are ours. */
const MOST_PATH_BYTES = 107 - '/postern-/xds'.length - 2 * NAME_BYTES

type Phase = 'starting' | 'serving' | 'starting again'

/** The control process as the process that started it sees it: started again when it dies, while what it sent stays in force. */
export class ControlProcess {
  readonly socketPath: string
  /** Settles with the directory of the socket once it is there: only the control process, which removes it, ever makes it. */
  readonly directory: Promise<string>
  /** Settles when it serves; rejects with a Fault `control/invalid-configuration` when the configuration is unusable from the start. */
  readonly ready: Promise<void>
  readonly #settings: ControlSettings
  readonly #inputs: KeptInputs
  readonly #onNotice: (text: string) => void
  readonly #placing = Promise.withResolvers<string>()
  readonly #starting = Promise.withResolvers<void>()
  #child: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  #phase: Phase = 'starting'
  #complaint = ''

  constructor(settings: Omit<ControlSettings, 'socketPath'>, onNotice: (text: string) => void) {
    this.socketPath = join(privateDirectory(), `postern-${randomBytes(NAME_BYTES).toString('hex')}`, 'xds')
    this.#inputs = new KeptInputs(settings.files)
    this.#settings = { ...settings, socketPath: this.socketPath }
    this.#onNotice = onNotice
    this.directory = this.#placing.promise
    this.ready = this.#starting.promise
    for (const promise of [this.directory, this.ready]) promise.catch(() => undefined)
    this.#start()
  }

  /** Ends it, and leaves nothing of it. */
  async close(): Promise<void> {
    clearTimeout(this.#restart)
    this.#inputs.close()
    // Who still waits for the directory would wait for ever.
    this.#placing.reject(new Fault('control/ended', 'the run ended before its control process had begun'))
    if (this.#child !== undefined) await endOf(this.#child)
    removePrivateDirectory(dirname(this.socketPath))
  }

  #start(): void {
    const { files, input, others, close } = this.#inputs.open(this.#settings.files, FIRST_INPUT)
    const child = fork(programPath('main/control'), [JSON.stringify({ ...this.#settings, files })], {
      stdio: [input ?? 'ignore', 'ignore', 'inherit', 'ipc', ...others],
      env: ownEnvironment(process.env),
    })
    close()
    this.#child = child
    child.on('message', (news) => this.#hear(news as ControlNews))
    child.on('error', () => {})
    child.on('exit', (code, signal) => this.#ended(signal ?? `code ${code}`))
  }

  #hear(news: ControlNews): void {
    switch (news.kind) {
      case 'placed':
        this.#placing.resolve(dirname(this.socketPath))
        break
      case 'ready':
        this.#phase = 'serving'
        this.#complaint = ''
        this.#starting.resolve()
        break
      case 'notice':
        this.#onNotice(news.text)
        break
      case 'invalid':
        this.#fail(new Fault('control/invalid-configuration', news.messages.join('\n')))
        if (this.#phase !== 'starting') this.#child?.kill('SIGKILL')
    }
  }

  #ended(how: string): void {
    this.#fail(new Fault('control/ended', `the control process ended with ${how}`))
    this.#restart = setTimeout(() => this.#start(), RESTART_MS)
  }

  /** The first start fails whole; later ones are tried until one serves, and why they fail is said once. */
  #fail(fault: Fault): void {
    this.#placing.reject(fault)
    this.#starting.reject(fault)
    if (this.#phase === 'starting' || fault.message === this.#complaint) return
    if (this.#phase === 'serving' || fault.code !== 'control/ended') {
      this.#complaint = fault.message
      this.#onNotice(`${fault.message}\nthe configuration stays as it is; the control process is started again`)
    }
    this.#phase = 'starting again'
  }
}

/** Told by the end of its channel it ends by itself and cleans up; one that does not hear is killed. */
async function endOf(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit')
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const limit = setTimeout(() => child.kill('SIGKILL'), END_MS)
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(limit)
}

/** Where only this user comes: the runtime directory, /run for root, or a temporary directory (a folder of mode 0700 in it). */
function privateDirectory(): string {
  const candidates = [process.env.XDG_RUNTIME_DIR, '/run', tmpdir(), '/tmp']
  const usable = candidates.find((directory) => directory !== undefined && isUsable(directory))
  if (usable !== undefined) return usable
  throw new Fault('control/socket-directory', 'there is no directory that a socket can be made in', {
    mend: `set TMPDIR to a directory that you may write to, with a path of at most ${MOST_PATH_BYTES} bytes`,
  })
}

function isUsable(directory: string): boolean {
  if (!isAbsolute(directory) || Buffer.byteLength(directory) > MOST_PATH_BYTES) return false
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
    return statSync(directory).isDirectory()
  } catch {
    return false
  }
}
