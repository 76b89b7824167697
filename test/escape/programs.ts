import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Target } from './hostile/attempt.ts'
import type { Identity } from './world.ts'

const hostile = fileURLToPath(new URL('./hostile.ts', import.meta.url))
const sealedRun = fileURLToPath(new URL('./sealed-run.ts', import.meta.url))
const node = [process.execPath, '--no-warnings']
const limitMs = 60_000

/** What the hostile program ends with when it got out. */
export const ESCAPED = 42

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly said: string
}

export interface RunningProgram {
  readonly child: ChildProcess
  readonly outcome: Promise<Outcome>
}

/** Starts the command as that user, in a process group of its own, sealed or not. */
export function startProgram(
  identity: Identity,
  isSealed: boolean,
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
  extraDescriptors: readonly 'pipe'[] = [],
): RunningProgram {
  const [file = '', ...args] = [...identity.prefix, ...(isSealed ? [...node, sealedRun] : []), ...command]
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...extraDescriptors],
    env: { PATH: process.env.PATH, ...env },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, said }))
  })
  return { child, outcome }
}

export function runProgram(...args: Parameters<typeof startProgram>): Promise<Outcome> {
  return startProgram(...args).outcome
}

/** The command line of one attempt. */
export function attempt(name: string, target: Target): readonly string[] {
  return [...node, hostile, name, JSON.stringify(target)]
}

/** A process of that user outside of every capsule. */
export function startVictim(identity: Identity): ChildProcess {
  const [file = '', ...args] = [...identity.prefix, 'sleep', '600']
  return spawn(file, args, { stdio: 'ignore' })
}

/** A directory where everybody may write; `remove` ends it. */
export function openDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'postern-escape-'))
  chmodSync(path, 0o777)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
