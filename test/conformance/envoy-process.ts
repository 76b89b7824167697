import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

const FETCH = join(import.meta.dirname, '../../tools/envoy/fetch.mjs')
const fetched = spawnSync(process.execPath, [FETCH], { encoding: 'utf8', timeout: 300_000 })

/** Why Envoy cannot be had on this machine, for a test's `skip`; false when it can. */
export const ENVOY_IS_MISSING: string | false =
  fetched.status === 0 ? false : `tools/envoy/fetch.mjs: ${fetched.stderr.trim()}`

/**
 * Runs Envoy with no network but a loopback of its own, so that nothing can leave; it ends with this process. Its memory
 * region is its own too: two users' Envoys do not collide. What it writes goes to the file `logPath`.
 */
export function spawnEnvoy(args: readonly string[], logPath: string): ChildProcess {
  const asRoot = process.getuid?.() === 0
  const unshare = ['unshare', ...(asRoot ? [] : ['--user', '--map-root-user']), '--net', '--']
  const envoy = [fetched.stdout.trim(), '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'error', ...args]
  const script = 'ip link set lo up && exec setpriv --pdeathsig KILL -- "$0" "$@"'
  const command = [...unshare, 'sh', '-c', script, ...envoy]
  // A file, as access logs open /dev/stdout by name, and what Node calls a pipe is a socket, which cannot be opened.
  const log = openSync(logPath, 'a')
  try {
    return spawn(command[0] as string, command.slice(1), { stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 2_000)
  await exited
  clearTimeout(impatience)
}
