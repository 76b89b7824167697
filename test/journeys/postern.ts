import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '..', '..')
const POSTERN = join(ROOT, 'bin', 'postern')
/** No journey's command may take longer, unless it says so; it is killed then, and the journey fails. */
const COMMAND_LIMIT_MS = 60_000

/** How a command ended and what it printed. */
export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command under way. */
export interface Running {
  readonly process: ChildProcess
  /** Everything printed so far. */
  stdout(): string
  stderr(): string
  readonly ended: Promise<Outcome>
}

/** What ran in the test under way, so that one that fails can tell. */
const ran: { readonly args: readonly string[]; readonly running: Running }[] = []

afterEach((context) => {
  const { passed } = context as TestContext & { readonly passed: boolean }
  for (const { args, running } of ran.splice(0)) {
    if (passed) continue
    const { exitCode, signalCode } = running.process
    const ended = { exitCode, signalCode, stdout: running.stdout(), stderr: running.stderr() }
    ;(context as TestContext).diagnostic(`postern ${JSON.stringify(args)}: ${JSON.stringify(ended)}`)
  }
})

/** Starts `bin/postern ARGS`; `input` is its standard input ("pipe": the caller writes to `process.stdin`). */
export function startPostern(
  args: readonly string[],
  input: string | 'pipe' = '',
  cwd = ROOT,
  env: NodeJS.ProcessEnv = process.env,
  limitMs = COMMAND_LIMIT_MS,
): Running {
  const child = spawn(POSTERN, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd, env })
  const printed = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.stderr += text
  })
  child.stdin.on('error', () => {})
  if (input !== 'pipe') child.stdin.end(input)
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ code, signal, ...printed })
    })
  })
  const running = { process: child, stdout: () => printed.stdout, stderr: () => printed.stderr, ended }
  ran.push({ args, running })
  return running
}

/** Runs `bin/postern ARGS` to its end. */
export function postern(...args: readonly string[]): Promise<Outcome> {
  return startPostern(args).ended
}

/** Runs a shell script in a capsule: `postern run OPTIONS -- sh -c SCRIPT`. */
export function sealed(options: readonly string[], script: string): Promise<Outcome> {
  return postern('run', ...options, '--', 'sh', '-c', script)
}

/** A sealed shell that runs one command line after the other, while the test does other things between them. */
export class SealedShell {
  private readonly running: Running
  private turn = 0

  constructor(options: readonly string[], env: NodeJS.ProcessEnv = process.env, limitMs = COMMAND_LIMIT_MS) {
    this.running = startPostern(['run', ...options, '--', 'sh'], 'pipe', ROOT, env, limitMs)
  }

  /** Runs a command line; answers what it printed on either stream, without the last line end. */
  async run(command: string): Promise<string> {
    this.turn += 1
    const mark = `--- turn ${this.turn} `
    const start = this.running.stdout().length
    this.running.process.stdin?.write(`{ ${command}\n} 2>&1\necho "${mark}"\n`)
    await eventually(`the answer to "${command}"`, () => this.running.stdout().indexOf(mark, start) !== -1)
    const text = this.running.stdout()
    return text.slice(start, text.indexOf(mark, start)).trim()
  }

  /** Ends the shell. */
  close(): Promise<Outcome> {
    this.running.process.stdin?.end()
    return this.running.ended
  }
}

/** A directory of its own for one test, removed with it, readable to the capsule. */
export function scratch(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'journey-'))
  test.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Writes a configuration file of its own for one test and returns its path. */
export function configFile(test: TestContext, yaml: string, name = 'config.yaml'): string {
  const file = join(scratch(test), name)
  writeFileSync(file, yaml)
  return file
}

/** A ServiceEntry as YAML: `spec` is flow-style YAML without the outer braces. */
export function serviceEntry(name: string, spec: string): string {
  return `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: ${name}}\nspec: {${spec}}\n---\n`
}

/** The lines of one of the world's logs that hold `text`. */
export function worldLog(log: 'queries' | 'arrivals', text: string): string[] {
  const directory = process.env.POSTERN_WORLD
  if (directory === undefined) throw new Error('journeys run in a world: script/test journeys')
  return readFileSync(join(directory, `${log}.log`), 'utf8')
    .split('\n')
    .filter((line) => line.includes(text))
}

/** Waits until `holds` does, at most `limitMs`; a function for `what` is asked at the end, so that it can tell what came instead. */
export async function eventually(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${limitMs} ms in vain for ${typeof what === 'string' ? what : what()}`)
    }
    await wait(20)
  }
}
