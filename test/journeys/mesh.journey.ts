import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { meshUp } from './mesh.ts'
import { eventually, SealedShell, scratch, serviceEntry, startPostern } from './postern.ts'

const CODE = "curl -s -m 5 -o /dev/null -w '%{http_code}' "
const WIKIPEDIA = serviceEntry(
  'wikipedia-ext',
  'hosts: [www.wikipedia.org], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS',
)

test('a program that joins the mesh meets what kubectl applies and deletes while it runs', async (context) => {
  const { kubectl, apply, shell } = await meshUp(context)
  const program = shell()
  const code = (): Promise<string> => program.run(`${CODE} https://www.wikipedia.org/`)
  assert.equal(await code(), '000')
  await apply(WIKIPEDIA)
  await kubectl('wait', '--for=condition=Enforced', 'serviceentry/wikipedia-ext', '--timeout=10s')
  assert.equal(await code(), '200')
  await kubectl('delete', 'serviceentry', 'wikipedia-ext')
  await eventually('the deletion to count', async () => (await code()) === '000')
  assert.equal((await program.close()).code, 0)
})

test('a run is a workload of the mesh for as long as it lasts, under a name of its own', async (context) => {
  const { kubectl, postern, shell } = await meshUp(context)
  const program = shell(['--name', 'sleep', '--labels', 'app=sleep'])
  await program.run('true')
  const names = async () => (await kubectl('get', 'workloadentries', '-l', 'app=sleep', '-o', 'name')).trim()
  await eventually('the registration', async () => (await names()) !== '')
  assert.match(await names(), /^workloadentry\.networking\.istio\.io\/sleep-[a-z0-9]{5}$/)
  const { stdout } = await postern(['proxy-status'])
  assert.match(stdout, /^sleep-[a-z0-9]{5}\.default +sleep-[a-z0-9]{5}\.default +postern-\d+ .* \(CDS,LDS,NDS\)$/m)
  const [name = ''] = /sleep-[a-z0-9]{5}/.exec(stdout) ?? []
  const config = await postern(['proxy-config', 'clusters', name])
  assert.match(config.stdout, /^BlackHoleCluster +- +- +- +STATIC$/m)
  const { bootstrap } = JSON.parse((await postern(['pc', 'bootstrap', name])).stdout) as {
    bootstrap: { node: { id: string; metadata: { LABELS: object } }; dynamicResources: { adsConfig: object } }
  }
  assert.equal(bootstrap.node.id, `sidecar~127.0.0.1~${name}.default~default.svc.cluster.local`)
  assert.deepEqual(bootstrap.node.metadata.LABELS, { app: 'sleep' })
  assert.match(JSON.stringify(bootstrap.dynamicResources), /"targetUri":"unix:[^"]*\/xds\.sock"/)
  await program.close()
  await eventually('the end of the registration', async () => (await names()) === '')
})

test('a run is registered in the namespace that it names, and does not start where that is not there', async (context) => {
  const { kubectl, postern } = await meshUp(context)
  const refused = await postern(['run', '-n', 'shop', '--', 'echo', 'started'])
  assert.deepEqual([refused.code, refused.stdout], [125, ''])
  assert.match(refused.stderr, /the mesh has no namespace "shop"\n +create it: {2}kubectl create namespace shop$/m)
  await kubectl('create', 'namespace', 'shop')
  const run = postern(['run', '-n', 'shop', '--', 'sleep', '3'])
  await eventually(
    'the registration',
    async () => (await kubectl('get', 'we', '-n', 'shop', '-o', 'name')).trim() !== '',
  )
  assert.equal((await run).code, 0)
})

test('who starts a mesh that another is starting gets the same one', async (context) => {
  const { postern } = await meshUp(context)
  assert.equal((await postern(['down'])).code, 0)
  const ups = await Promise.all([1, 2, 3].map(() => postern(['up'])))
  for (const { code, stdout, stderr } of ups) {
    assert.deepEqual([code, stdout], [0, ups[0]?.stdout], stderr)
    assert.match(stdout, /the mesh is up: https:\/\/127\.0\.0\.1:\d+ \(process \d+\)/)
  }
})

test('a mesh that dies leaves running programs their configuration, and is found again', async (context) => {
  const { apply, postern, kubectl, shell } = await meshUp(context)
  await apply(WIKIPEDIA)
  const program = shell()
  const code = (): Promise<string> => program.run(`${CODE} https://www.wikipedia.org/`)
  assert.equal(await code(), '200')
  const { pid } = JSON.parse((await postern(['status', '-o', 'json'])).stdout) as { pid: number }
  process.kill(pid, 'SIGKILL')
  await eventually('the end of the mesh', async () => (await postern(['status'])).code === 1)
  assert.equal(await code(), '200')
  assert.equal((await postern(['up'])).code, 0)
  await kubectl('delete', 'serviceentry', 'wikipedia-ext')
  await eventually('what came after', async () => (await code()) === '000')
  await program.close()
})

test('what is changed as soon as a mesh is up again is not called enforced before the runs of before have it', async (context) => {
  const { env, apply, postern, kubectl } = await meshUp(context)
  await apply(WIKIPEDIA)
  const run = startPostern(['run', '--', 'cat'], 'pipe', undefined, env)
  await eventually('the registration', async () => (await kubectl('get', 'we', '-o', 'name')) !== '')
  run.process.kill('SIGSTOP')
  const { pid } = JSON.parse((await postern(['status', '-o', 'json'])).stdout) as { pid: number }
  process.kill(pid, 'SIGKILL')
  await eventually('the end of the mesh', async () => (await postern(['status'])).code === 1)
  assert.equal((await postern(['up'])).code, 0)
  await apply(WIKIPEDIA.replace('www.wikipedia.org', 'www.example.com'))
  const enforced = (limit: string) =>
    kubectl('wait', '--for=condition=Enforced', 'serviceentry/wikipedia-ext', `--timeout=${limit}`)
  await assert.rejects(enforced('1s'), /timed out waiting for the condition/)
  run.process.kill('SIGCONT')
  await enforced('20s')
  run.process.stdin?.end()
  assert.equal((await run.ended).code, 0)
})

test('a sealed program sees neither the keys of the mesh nor its objects', async (context) => {
  const { state, shell } = await meshUp(context)
  assert.equal(statSync(join(state, 'postern')).mode & 0o777, 0o700)
  assert.match(readFileSync(join(state, 'postern', 'kubeconfig'), 'utf8'), /client-key-data/)
  const program = shell()
  assert.equal(await program.run(`ls -A ${join(state, 'postern')}`), '')
  await program.close()
})

test('what a Sidecar does not import is denied to the workloads that it selects, and to no others', async (context) => {
  const { apply, shell } = await meshUp(context)
  await apply(`${WIKIPEDIA}apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: closed}
spec: {workloadSelector: {labels: {app: closed}}, egress: [{hosts: ["~/*"]}]}
`)
  const closed = shell(['--labels', 'app=closed'])
  const open = shell()
  const code = (program: SealedShell): Promise<string> => program.run(`${CODE} https://www.wikipedia.org/`)
  assert.equal(await code(open), '200')
  assert.equal(await code(closed), '000')
  await Promise.all([open.close(), closed.close()])
})

test('a control plane by itself follows the API that a kubeconfig names, and runs join it', async (context) => {
  const { state, env, apply, kubectl } = await meshUp(context)
  await apply(WIKIPEDIA)
  const path = join(state, 'control.sock')
  const control = startPostern(['control', '--listen', path], '', undefined, env)
  await eventually('the control plane', () => control.stderr().includes(`serving xDS on ${path}`))
  // A run that looks for a mesh of its own finds none here.
  const program = new SealedShell(['--control', path], { ...env, XDG_STATE_HOME: scratch(context) })
  const code = (): Promise<string> => program.run(`${CODE} https://www.wikipedia.org/`)
  assert.equal(await code(), '200')
  await kubectl('delete', 'serviceentry', 'wikipedia-ext')
  await eventually('the deletion to count', async () => (await code()) === '000')
  await program.close()
  control.process.kill('SIGTERM')
  assert.equal((await control.ended).code, 0)
})

test('runs that come and go while the API is away are registered as they are when it is back', async (context) => {
  const { state, env, postern, kubectl } = await meshUp(context)
  const path = join(state, 'control.sock')
  const control = startPostern(['control', '--listen', path], '', undefined, env)
  await eventually('the control plane', () => control.stderr().includes(`serving xDS on ${path}`))
  const joined = (name: string) => new SealedShell(['--control', path, '--name', name], env)
  const registered = async () =>
    (await kubectl('get', 'we', '-o', 'name')).replace(/.*\/(\w+)-[a-z0-9]{5}\n/g, '$1 ').trim()
  const first = joined('first')
  await first.run('true')
  await eventually('the first registration', async () => (await registered()) === 'first')
  const { pid } = JSON.parse((await postern(['status', '-o', 'json'])).stdout) as { pid: number }
  process.kill(pid, 'SIGKILL')
  await eventually('the end of the mesh', async () => (await postern(['status'])).code === 1)
  const second = joined('second')
  await second.run('true')
  await first.close()
  await eventually('the failure', () => control.stderr().includes('registrations of runs are not written yet'))
  assert.equal((await postern(['up'])).code, 0)
  await eventually('the second registration alone', async () => (await registered()) === 'second')
  await second.close()
  control.process.kill('SIGTERM')
  assert.equal((await control.ended).code, 0)
})

test('a run joins no control plane that is not there, and none besides its own files', async (context) => {
  const path = join(scratch(context), 'control.sock')
  const absent = await startPostern(['run', '--control', path, '--', 'true']).ended
  assert.equal(absent.code, 125)
  assert.match(absent.stderr, /no control plane listens on ".*control\.sock": connect ENOENT/)
  const both = await startPostern(['run', '--control', path, '-f', path, '--', 'true']).ended
  assert.equal(both.code, 2)
})

test('a run joins no control plane whose socket another could take the place of', async (context) => {
  const directory = scratch(context)
  const path = join(directory, 'control.sock')
  const server = createServer().listen(path)
  context.after(() => server.close())
  await once(server, 'listening')
  chmodSync(directory, 0o777)
  const open = await startPostern(['run', '--control', path, '--', 'true']).ended
  assert.deepEqual([open.code, open.stdout], [125, ''])
  assert.match(open.stderr, /others may write in ".*", and could put a false control plane there/)
  chmodSync(directory, 0o700)
  const here = await startPostern(['run', '--control', path, '--', 'true'], '', directory).ended
  assert.match(here.stderr, /the command works in ".*"/)
})

test('a control plane listens on loopback only, and says what it lacks', async (context) => {
  const state = scratch(context)
  const env = { ...process.env, XDG_STATE_HOME: state, KUBECONFIG: '' }
  const beyond = await startPostern(['control', '--listen', '0.0.0.0:15010'], '', undefined, env).ended
  assert.equal(beyond.code, 2)
  assert.match(beyond.stderr, /"0\.0\.0\.0" is not loopback/)
  const alone = await startPostern(['control', '--listen', '0'], '', undefined, env).ended
  assert.equal(alone.code, 125)
  assert.match(alone.stderr, /neither --kubeconfig nor KUBECONFIG is set/)
})
