import { type ChildProcess, spawn } from 'node:child_process'
import { Socket as DatagramSocket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { Server } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { Fault, messageOf } from '#base/fault.ts'
import { ignoredSignals } from '#base/ignored-signals.ts'
import { ownEnvironment } from '#base/own-environment.ts'
import { programPath } from '#base/program-path.ts'
import { capsuleMark, emptyFile } from './agent/inside-paths.ts'
import type { FromAgent, ToAgent } from './agent/messages.ts'
import type { Capsule, CapsuleOptions, Destination, Exit } from './capsule.ts'
import { environmentInside } from './host/environment.ts'
import { HostView } from './host/filesystem-plan.ts'
import { mapIds } from './host/id-map.ts'
import { LateSockets } from './host/late-sockets.ts'
import { answerStop, endWithProgram, type Program, passSignals } from './host/pass-signals.ts'
import { refusalOf, toolMissing } from './host/refusal.ts'
import { destinationsIn } from './host/refused-datagrams.ts'
import { systemTools } from './host/system-tools.ts'
import { Terminal } from './host/terminal.ts'

/** Tasks, threads included, that one capsule may have at a time. */
const defaultTaskLimit = 4096

/**
 * Builds a capsule around a program that is not yet started, and returns its listening sockets. While the program runs,
 * this process's signals are passed to it and the terminal's foreground is lent to it.
 *
 * Faults: `capsule/nested`, `capsule/tool-missing`, `capsule/user-namespaces-forbidden`, `capsule/network`,
 * `capsule/build`, `capsule/id-map`; from `start`: `capsule/command-not-found`, `capsule/command-not-executable`,
 * `capsule/working-directory`.
 */
export async function createCapsule(options: CapsuleOptions): Promise<Capsule> {
  if (existsSync(capsuleMark)) {
    throw new Fault('capsule/nested', 'a capsule cannot be built inside another: this program runs in one already', {
      mend: 'run the command without "postern run": it is sealed as it is',
    })
  }
  const capsule = new RunningCapsule(options)
  try {
    await capsule.built
  } catch (thrown) {
    capsule.destroy()
    throw thrown
  }
  return capsule
}

class RunningCapsule implements Capsule {
  readonly sockets = { outbound: [] as Server[], dnsUdp: [] as DatagramSocket[], dnsTcp: [] as Server[] }
  readonly gaps: string[] = []
  readonly built: Promise<void>
  readonly exited: Promise<Exit>
  readonly #options: CapsuleOptions
  readonly #host: HostView
  readonly #terminal = new Terminal()
  readonly #program: Program = {
    deliver: (signal, foreground) => this.#tell({ kind: 'signal', signal, foreground }),
  }
  readonly #agent: ChildProcess
  readonly #warden: Writable
  readonly #building = Promise.withResolvers<void>()
  readonly #starting = Promise.withResolvers<void>()
  #exit: Exit = { kind: 'signal', signal: 'SIGKILL' }
  #said = ''
  #counted = ''
  #lateSockets: LateSockets | undefined
  #stopPassing: (() => void) | undefined
  #unguarded: Fault | undefined

  constructor(options: CapsuleOptions) {
    this.#options = options
    this.#host = new HostView(options.env, options)
    // It may reject before it is waited for.
    Promise.resolve(options.readOnlyPaths).catch(() => undefined)
    this.#agent = spawnAgent()
    this.#warden = (this.#agent.stdio as readonly unknown[])[5] as Writable
    this.#warden.on('error', () => undefined)
    this.built = this.#building.promise
    this.#starting.promise.catch(() => undefined)
    this.exited = new Promise((resolve, reject) => {
      this.#agent.on('close', () => {
        const exit = this.#end()
        if (this.#unguarded === undefined) resolve(exit)
        else reject(this.#unguarded)
      })
    })
    this.exited.catch(() => undefined)
    this.#agent.on('exit', () => this.#warden.destroy())
    const counts = (this.#agent.stdio as readonly unknown[] as readonly Readable[])[6]
    counts?.on('data', (chunk: Buffer) => {
      this.#counted += chunk.toString()
    })
    counts?.on('close', () => this.#onWardenEnded())
    this.#agent.on('error', (cause) => this.#fail(toolMissing(cause)))
    this.#agent.on('message', (message, handle) => this.#receive(message as FromAgent, handle))
    this.#agent.stderr?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
  }

  start(): Promise<void> {
    const { command, cwd, env, sharedSockets } = this.#options
    const ignored = [...ignoredSignals(process.env)]
    const foreground = this.#terminal.lendsAtStart && this.#terminal.lend()
    const maskedSockets = this.#host.socketsToMask()
    const insideEnv = environmentInside(env, sharedSockets, this.#host.runtimeDirectory)
    this.#stopPassing = passSignals(this.#program, this.#terminal)
    this.#tell({ kind: 'start', program: { command, cwd, env: insideEnv, maskedSockets, foreground, ignored } })
    return this.#starting.promise
  }

  refusedDatagrams(): readonly Destination[] {
    return destinationsIn(this.#counted)
  }

  signal(signal: NodeJS.Signals): void {
    this.#program.deliver(signal, false)
  }

  /** Killing the process that keeps the namespaces kills process 1 in them, and with it the rest. */
  destroy(): void {
    this.#agent.kill('SIGKILL')
    for (const socket of Object.values(this.sockets).flat()) closeIfOpen(socket)
  }

  /** It ends after the agent; if before, nobody hides sockets of the host any more, and the program may not go on. */
  #onWardenEnded(): void {
    if (this.#agent.exitCode !== null || this.#agent.signalCode !== null || this.#agent.killed) return
    this.#unguarded = new Fault(
      'capsule/warden-ended',
      'the process that hides Unix sockets of this machine from the command was ended, and the command with it',
    )
    this.destroy()
  }

  #receive(message: FromAgent, handle: unknown): void {
    switch (message.kind) {
      case 'born':
        void this.#build()
        break
      case 'socket':
        if (handle instanceof DatagramSocket) this.sockets.dnsUdp.push(handle)
        else if (handle instanceof Server) this.sockets[message.role === 'dnsTcp' ? 'dnsTcp' : 'outbound'].push(handle)
        break
      case 'built':
        this.gaps.push(...message.gaps)
        this.#building.resolve()
        break
      case 'started':
        this.gaps.push(...message.gaps)
        this.#lateSockets = new LateSockets(this.#host, this.#warden)
        this.#starting.resolve()
        break
      case 'failed':
        this.#fail(new Fault(message.code, message.message, message.mend === undefined ? {} : { mend: message.mend }))
        break
      case 'stopped':
        answerStop(message.signal, this.#program, this.#terminal)
        break
      case 'exited':
        this.#exit = message.exit
    }
  }

  async #build(): Promise<void> {
    const { readOnlyPaths = [], taskLimit = defaultTaskLimit } = this.#options
    try {
      mapIds(this.#agent.pid ?? 0)
      const readOnly = [...(await readOnlyPaths), ...Object.values(systemTools)]
      this.#tell({ kind: 'build', filesystem: this.#host.plan(readOnly), taskLimit })
    } catch (thrown) {
      this.#fail(thrown instanceof Fault ? thrown : new Fault('capsule/build', messageOf(thrown), { cause: thrown }))
      this.destroy()
    }
  }

  #tell(message: ToAgent): void {
    if (this.#agent.connected) this.#agent.send(message, () => undefined)
  }

  /** Settles what is still waited for: only the first settlement counts. */
  #fail(fault: Fault): void {
    this.#building.reject(fault)
    this.#starting.reject(fault)
  }

  #end(): Exit {
    this.#lateSockets?.stop()
    this.#stopPassing?.()
    endWithProgram(this.#exit, this.#terminal)
    this.#fail(refusalOf(this.#said))
    return this.#exit
  }
}

/** Who took the sockets over may have closed them already, and a datagram socket cannot be closed twice. */
function closeIfOpen(socket: { close(): unknown }): void {
  try {
    socket.close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error
  }
}

/**
 * The chain, one process until it forks: `setpriv` ties it to the life of this process; `unshare` makes the namespaces that
 * hold files and network; a shell leaves a warden in them and becomes the `unshare` that forks process 1, the agent, which dies with it.
 * The warden is outside of the program's pid namespace: it keeps the right to mount where the program can neither see nor end it.
 * Standard error is ours to read, the program's travels as descriptor 4; descriptor 5 tells the warden what to hide. When that ends, with the program,
 * the warden writes to descriptor 6 what the firewall has counted.
 */
function spawnAgent(): ChildProcess {
  const namespaces = ['--user', '--keep-caps', '--net', '--mount', '--ipc']
  // SIGUSR1 would open a debugger in the agent, where the program could reach it.
  const node = [process.execPath, '--v8-pool-size=0', '--max-semi-space-size=1', '--no-warnings', '--disable-sigusr1']
  const agent = [...node, programPath('capsule/agent/agent')]
  const warden = ['sh', '-c', wardenProgram, 'warden', systemTools.mount, systemTools.nft, ...agent]
  const chain = ['--pdeathsig', 'KILL', 'unshare', ...namespaces, '--', ...warden]
  return spawn('setpriv', chain, {
    stdio: [0, 1, 'pipe', 'ipc', 2, 'pipe', 'pipe'],
    env: ownEnvironment(process.env),
  })
}

const hide = `"$mount" --no-canonicalize --bind ${emptyFile} "$path"`
const count = '"$nft" -n list table inet postern >&6'
/** What is sent to the whole process group (by timeout(1), by a terminal that closes) is the program's to answer. The agent, as every Node, hears all again. */
const deaf = "trap '' HUP INT QUIT TERM USR1 USR2 TSTP"
const wardenProgram = `${deaf}; mount=$1 nft=$2; shift 2; (while IFS= read -r path; do ${hide}; done; ${count}) <&5 >/dev/null 2>&1 3<&- 4<&- 5<&- &
exec unshare --pid --fork --kill-child -- "$@" 5<&- 6<&-`
