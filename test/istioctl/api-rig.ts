import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { VIEW_GROUP } from '#apiserver/auth/user.ts'
import { ADMIN, startApiServer } from '#main/start-api-server.ts'

/** What a command line printed, and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An API server of its own, and `postern` as a process beside it. */
export interface ApiRig {
  readonly directory: string
  /** A kubeconfig of somebody who may read everything but secrets. */
  readonly viewer: string
  /** Writes a file that command lines may name; answers its path. */
  file(name: string, text: string): string
  /** A script of bash in which `istioctl` is `postern`. */
  bash(script: string, env?: NodeJS.ProcessEnv): Promise<Ended>
  postern(
    line: string | readonly string[],
    options?: { readonly input?: string; readonly env?: NodeJS.ProcessEnv },
  ): Promise<Ended>
}

const PROGRAM = join(import.meta.dirname, '../../src/main/postern.ts')

/** Starts the API server for one test file or test. */
export async function startApiRig(t: TestContext): Promise<ApiRig> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-istioctl-'))
  const server = await startApiServer({ stateDirectory: join(directory, 'state'), onFault: () => undefined })
  t.after(async () => {
    await server.close()
    rmSync(directory, { recursive: true })
  })
  const file = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const KUBECONFIG = file('kubeconfig', (await server.issue(ADMIN, 'certificate')).kubeconfig)
  const viewer = file(
    'viewer',
    (await server.issue({ name: 'viewer', groups: [VIEW_GROUP] }, 'certificate')).kubeconfig,
  )
  const env = { ...process.env, KUBECONFIG, XDG_STATE_HOME: directory }
  return {
    directory,
    viewer,
    file,
    bash: (script, more = {}) =>
      run(
        'bash',
        ['--norc', '-c', `istioctl() { "${process.execPath}" "${PROGRAM}" "$@"; }\n${script}`],
        '',
        directory,
        { ...env, ...more },
      ),
    postern: (line, options = {}) => {
      const words = typeof line === 'string' ? line.split(' ') : line
      return run(process.execPath, [PROGRAM, ...words], options.input ?? '', directory, { ...env, ...options.env })
    },
  }
}

function run(
  program: string,
  words: readonly string[],
  input: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  const child = spawn(program, words, { cwd, env, timeout: 60_000 })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => undefined).end(input)
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}
