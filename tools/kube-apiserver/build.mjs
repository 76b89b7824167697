// Prints the directory that holds a real kube-apiserver and the etcd that it keeps its objects in, building both first when they are not there:
// from the modules that go.mod names, through Go as it is configured on this machine. Takes minutes, and about 3 GB of Go's caches.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const version = /^\tk8s\.io\/kubernetes v(\S+)/m.exec(readFileSync(join(here, 'go.mod'), 'utf8'))[1]
const cache = join(here, '..', '..', '.cache', 'kube-apiserver')
const PROGRAMS = { etcd: 'go.etcd.io/etcd/server/v3', 'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver' }
/** What a release's build writes into the program: without it the server calls itself v0.0.0. */
const [major, minor] = version.split('.')
const named = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
const ldflags = [
  '-s',
  '-w',
  ...Object.entries(named).map(([name, value]) => `-X=k8s.io/component-base/version.${name}=${value}`),
]

/** Throws with what is missing, or what Go said. */
function build() {
  const directory = join(cache, version)
  if (Object.keys(PROGRAMS).every((name) => existsSync(join(directory, name)))) return directory
  const go = goCommand()
  mkdirSync(cache, { recursive: true })
  const work = join(cache, `build-${process.pid}`)
  try {
    for (const [name, module] of Object.entries(PROGRAMS))
      run('nice', [
        '-n',
        '15',
        go,
        'build',
        '-trimpath',
        `-ldflags=${ldflags.join(' ')}`,
        '-o',
        join(work, name),
        module,
      ])
    rmSync(directory, { recursive: true, force: true })
    renameSync(work, directory)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return directory
}

/** Go on PATH, or where its own installer puts it. */
function goCommand() {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/go/bin']
  const found = directories.map((directory) => join(directory, 'go')).find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new Error(
    'no "go" on PATH nor in /usr/local/go/bin: Go 1.24 or newer builds the API server; install golang-go, or from go.dev',
  )
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: here })
  if (status === 0) return
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
}

try {
  console.log(build())
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
