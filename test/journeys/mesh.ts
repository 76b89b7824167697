import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { type Outcome, SealedShell, scratch, startPostern } from './postern.ts'

const run = promisify(execFile)

/** A real kubectl, as script/setup fetched it. */
function currentKubectl(): string {
  const fetch = join(import.meta.dirname, '..', '..', 'tools', 'kubectl', 'fetch.mjs')
  return execFileSync(process.execPath, [fetch], { encoding: 'utf8' }).trim()
}

/** A mesh of the test's own, ended with it, and a kubectl that talks to it. */
export async function meshUp(context: TestContext) {
  const state = scratch(context)
  const env: NodeJS.ProcessEnv & { readonly KUBECONFIG: string } = {
    ...process.env,
    XDG_STATE_HOME: state,
    KUBECONFIG: join(state, 'postern', 'kubeconfig'),
  }
  const postern = (args: readonly string[], input = ''): Promise<Outcome> =>
    startPostern(args, input, undefined, env).ended
  const up = await postern(['up'])
  assert.equal(up.code, 0, up.stderr)
  context.after(() => postern(['down']))
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(currentKubectl(), [...args, '--cache-dir', join(state, 'cache')], {
      env,
      timeout: 30_000,
    })
    return stdout
  }
  /** A kubectl that goes on until the test ends, and what it has printed. */
  const watching = (...args: readonly string[]): (() => string) => {
    const child = spawn(currentKubectl(), [...args, '--cache-dir', join(state, 'cache')], { env })
    context.after(() => child.kill())
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    return () => printed
  }
  const apply = async (yaml: string): Promise<void> => {
    assert.equal((await postern(['apply', '-f', '-'], yaml)).code, 0)
  }
  return {
    state,
    env,
    postern,
    kubectl,
    watching,
    apply,
    shell: (args: readonly string[] = []) => new SealedShell(args, env),
  }
}
