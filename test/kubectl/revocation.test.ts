import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, lstatSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const POSTERN = fileOf('../../src/main/postern.ts')
const UNAUTHORIZED = /^error: You must be logged in to the server \(Unauthorized\)\n$/

test('credentials are issued, work, are revoked, and stay so over restarts and restores; others go on', {
  timeout: 170_000,
}, async (t) => {
  const fetched = spawnSync(process.execPath, [fileOf('../../tools/kubectl/fetch.mjs')], { encoding: 'utf8' })
  if (fetched.status !== 0) return t.skip(`there is no kubectl to be had here: ${fetched.stderr.trim()}`)
  const kubectlPath = fetched.stdout.trim()
  const directory = mkdtempSync(join(tmpdir(), 'postern-revoke-'))
  const at = (name: string) => join(directory, name)
  const run = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, HOME: directory, ...env }, timeout: 60_000 })
  const postern = (...args: readonly string[]) => {
    const { status, stdout, stderr } = run(process.execPath, [POSTERN, ...args, '--state', at('state')])
    return { code: status, stdout, stderr }
  }
  const kubectl = (kubeconfig: string, ...args: readonly string[]) =>
    run(kubectlPath, args, { KUBECONFIG: at(kubeconfig) })
  const works = (kubeconfig: string) => {
    const { stdout, stderr } = kubectl(kubeconfig, 'get', 'namespace', 'default', '-o', 'name')
    assert.deepEqual([stdout, stderr], ['namespace/default\n', ''], kubeconfig)
  }
  const refused = (kubeconfig: string) => {
    const { status, stderr } = kubectl(kubeconfig, 'get', 'namespaces')
    assert.match(stderr, UNAUTHORIZED, kubeconfig)
    assert.equal(status, 1)
  }
  t.after(() => {
    postern('down')
    rmSync(directory, { recursive: true })
  })

  assert.equal(postern('up').code, 0)
  assert.match(postern('credentials', 'issue', 'vera', at('vera')).stdout, /: certificate [0-9a-f]{32} of vera\n$/)
  postern('credentials', 'issue', 'vera', at('vera-token'), '--token')
  postern('credentials', 'issue', 'bob', at('bob'), '--role', 'admin')
  assert.equal(statSync(at('vera')).mode & 0o777, 0o600)
  for (const one of ['vera', 'vera-token', 'bob', 'state/kubeconfig']) works(one)
  assert.match(kubectl('vera', 'create', 'namespace', 'x').stderr, /User "vera" cannot create resource/)
  assert.equal(postern('backup', at('before.db')).code, 0)

  const workload = 'postern:workload:default:w'
  assert.equal(postern('credentials', 'issue', workload, at('workload'), '--role', 'workload').code, 0)
  const registration = (name: string) => kubectl('workload', 'get', 'workloadentry', name).stderr
  assert.match(registration('w'), /NotFound/)
  assert.match(registration('x'), /User "postern:workload:default:w" cannot get resource "workloadentries"/)
  assert.equal(postern('credentials', 'revoke', workload).code, 0)
  execFileSync('mkfifo', [at('pipe')])
  symlinkSync(at('bob'), at('link'))
  for (const name of ['pipe', 'link']) {
    const refused = postern('credentials', 'issue', 'w', at(name))
    assert.match(refused.stderr, /^postern: ".*\/(?:pipe|link)" is there and is no file$/m)
    assert.ok(!lstatSync(at(name)).isFile())
  }
  const stranger = postern('credentials', 'issue', 'w', at('none'), '--role', 'workload')
  assert.match(stranger.stderr, /the user "w" is no workload's\n.*postern:workload:NAMESPACE:NAME/)
  const unwritten = postern('credentials', 'issue', 'nemo', at('nowhere/nemo'))
  assert.match(unwritten.stderr, /the kubeconfig cannot be written, and there are no new credentials: ENOENT/)
  assert.doesNotMatch(postern('credentials', 'list').stdout, /nemo/)

  const watch = spawn(kubectlPath, ['get', 'namespaces', '-w'], { env: { ...process.env, KUBECONFIG: at('vera') } })
  await said(watch, 'default')
  const ended = once(watch, 'exit')
  const { stdout } = postern('credentials', 'revoke', 'vera')
  assert.match(stdout, /^Revoked certificate [0-9a-f]{32} of vera\nRevoked token [0-9a-f]{32} of vera\n$/)
  await ended
  const bothRefused = () => {
    for (const one of ['vera', 'vera-token']) refused(one)
    works('bob')
  }
  bothRefused()
  const again = postern('credentials', 'revoke', 'vera')
  assert.deepEqual([again.code, again.stdout], [1, ''])
  assert.match(again.stderr, /^postern: "vera" is neither the id of credentials nor a user who has any\n/)

  assert.equal(postern('down').code, 0)
  assert.match(postern('restore', at('before.db'), '--force').stdout, /^Restored \d+ objects/)
  const server = kubectl('bob', 'config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}').stdout
  const { port } = new URL(server)
  assert.equal(postern('up', '--port', port).code, 0)
  bothRefused()

  copyFileSync(at('state/kubeconfig'), at('stolen'))
  works('stolen')
  const own = postern('credentials', 'revoke', 'postern-admin').stdout
  assert.match(own, /The mesh's own kubeconfig has new ones: .*\/state\/kubeconfig\n$/)
  refused('stolen')
  works('state/kubeconfig')
  const names = (JSON.parse(postern('credentials', 'list', '-o', 'json').stdout) as { name: string }[]).map(
    ({ name }) => name,
  )
  assert.deepEqual(names, ['bob', 'postern-admin'])
  assert.match(postern('status').stdout, /proxies\s+0 connected/)

  postern('down')
  assert.match(postern('credentials', 'revoke', 'bob').stdout, /^Revoked certificate [0-9a-f]{32} of bob\n$/)
  postern('up', '--port', port)
  refused('bob')
  works('state/kubeconfig')
})

async function said({ stdout }: ChildProcessWithoutNullStreams, text: string): Promise<void> {
  for (let read = ''; !read.includes(text); ) read += String((await once(stdout, 'data'))[0])
}
