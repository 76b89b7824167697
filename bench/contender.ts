import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Cores: the proxy has one to itself, load and upstream share the other. */
export const PROXY_CORE = '0'
export const LOAD_CORE = '1'

const START_LIMIT_MS = 15_000

/** Where the upstreams are, on 127.0.0.1; each contender listens once for each. */
export interface Ports {
  readonly echo: number
  readonly source: number
  readonly http: number
}

/** One proxy under measurement. */
export interface Contender {
  readonly name: string
  /** undefined: it is not on this machine, and `absence` says what would bring it. */
  command(ports: Ports, upstream: Ports, directory: string): readonly [string, ...string[]] | undefined
  readonly absence: string
}

/** A program under way, with its output in a file. */
export interface Started {
  readonly process: ChildProcess
  readonly pid: number
  stop(): void
}

/** Starts a program on one core; it ends with this process at the latest. */
export function start(core: string, command: readonly string[], directory: string, name: string): Started {
  const log = openSync(join(directory, `${name}.log`), 'w')
  const argv = ['--pdeathsig', 'KILL', 'taskset', '-c', core, ...command]
  const child = spawn('setpriv', argv, { stdio: ['ignore', log, log] })
  closeSync(log)
  return { process: child, pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') }
}

/** Waits until something accepts on a port; fails with the program's output when nothing does. */
export async function accepting(port: number, started: Started, directory: string, name: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await canConnect(port))) {
    if (started.process.exitCode !== null || Date.now() > deadline) {
      const said = readFileSync(join(directory, `${name}.log`), 'utf8')
        .trim()
        .slice(-2000)
      throw new Error(`${name} does not accept on port ${port}: ${said}`)
    }
    await wait(50)
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
