import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFile, postern, scratch, sealed, startPostern } from './postern.ts'

interface Validation {
  readonly valid: boolean
  readonly messages: readonly { level: string; text: string; path: string; line: number }[]
}

interface Resource {
  readonly name: string
}

test('allow prints the ServiceEntry that makes the refused call possible', async (context) => {
  const allowed = await postern('allow', 'www.wikipedia.org:443', 'mysql.example.com:3306')
  assert.equal(allowed.code, 0)
  const file = join(scratch(context), 'allow.yaml')
  writeFileSync(file, allowed.stdout)
  assert.equal((await postern('validate', '-f', file)).code, 0)
  const script = `curl -sS -o /dev/null -w '%{http_code} ' https://www.wikipedia.org/
    mariadb -h mysql.example.com -u bookinfo -pbookinfo -N -e 'select sum(Rating) from test.ratings'`
  assert.equal((await sealed(['-f', file], script)).stdout, '200 9\n')
})

test('why says deny, the reason and the nearest rule; and allow with the cluster', async () => {
  const ask = ['why', '-f', 'samples/wikipedia.yaml', '-o', 'json', '--dst']
  const denied = await postern(...ask, '91.198.174.192:80', '--host', 'www.wikipedia.org', '--protocol', 'HTTP')
  assert.equal((JSON.parse(denied.stdout) as { verdict: string }).verdict, 'deny')
  const allowed = JSON.parse((await postern(...ask, '91.198.174.192:443')).stdout) as {
    verdict: string
    cluster: string
  }
  assert.equal(allowed.verdict, 'allow')
  assert.equal(allowed.cluster, 'outbound|443||wikipedia.org')
  const any = await postern(...ask, '203.0.113.66:443', '--mesh-policy', 'ALLOW_ANY')
  assert.equal((JSON.parse(any.stdout) as { verdict: string }).verdict, 'allow')
})

test('validate reports every fault at once, with its place', async (context) => {
  const file = configFile(
    context,
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: broken}
spec:
  hosts: ["*"]
  ports:
  - {number: 70000, name: tcp, protocol: TCP}
  - {number: 80, name: tcp, protocol: CARRIER_PIGEON}
  resolution: STATIC
`,
  )
  const outcome = await postern('validate', '-f', file, '-o', 'json')
  assert.equal(outcome.code, 1)
  const { valid, messages } = JSON.parse(outcome.stdout) as Validation
  assert.equal(valid, false)
  const errors = messages.filter((message) => message.level === 'error')
  assert.ok(errors.length >= 4, JSON.stringify(errors))
  assert.ok(errors.every((error) => error.line >= 1 && error.path !== ''))
  const text = (await postern('validate', '-f', file)).stdout
  assert.match(text, /config\.yaml:\d+:\d+/)
})

test('validate of a directory answers for each file; good files are valid', async () => {
  const outcome = await postern('validate', '-f', 'samples', '-o', 'json')
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr)
  const { results } = JSON.parse(outcome.stdout) as { results: (Validation & { file: string })[] }
  assert.ok(results.length >= 5)
  assert.ok(results.every((one) => one.valid))
})

test('convert turns an egress rule into a ServiceEntry that validates', async (context) => {
  const converted = await postern('convert', '-f', 'samples/egress-rule-google-apis.yaml')
  assert.equal(converted.code, 0)
  assert.match(converted.stdout, /kind: ServiceEntry/)
  assert.equal((await postern('validate', '-f', configFile(context, converted.stdout))).code, 0)
})

test('proxy-config prints what a sidecar would be sent', async () => {
  const outcome = await postern('proxy-config', 'all', '-f', 'samples/wikipedia.yaml', '-o', 'json')
  const all = JSON.parse(outcome.stdout) as Record<'clusters' | 'listeners' | 'routes' | 'endpoints', Resource[]>
  assert.ok(all.clusters.some((cluster) => cluster.name === 'outbound|443||wikipedia.org'))
  assert.ok(all.clusters.some((cluster) => cluster.name === 'BlackHoleCluster'))
  assert.ok(all.listeners.some((listener) => listener.name === 'virtualOutbound'))
  const clusters = await postern('proxy-config', 'clusters', '-f', 'samples/wikipedia.yaml', '-o', 'json')
  assert.match(clusters.stdout, /outbound\|443\|\|wikipedia\.org/)
})

test('doctor finds this machine fit', async () => {
  const outcome = await postern('doctor')
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr)
})

test('an unknown option or verb is refused with a hint, exit code 2', async () => {
  for (const args of [['run', '--no-such-option', '--', 'true'], ['fly'], ['run', '--policy', 'MAYBE', '--', 'true']]) {
    const outcome = await postern(...args)
    assert.equal(outcome.code, 2, args.join(' '))
    assert.notEqual(outcome.stderr, '')
  }
})

test('a configuration that is broken from the start starts nothing', async (context) => {
  const outcome = await sealed(['-f', configFile(context, 'kind: ServiceEntry\nspec: [')], 'echo ran')
  assert.notEqual(outcome.code, 0)
  assert.equal(outcome.stdout, '')
  assert.match(outcome.stderr, /config\.yaml/)
})

test('a run does without a state directory that cannot be made', async () => {
  const env = { ...process.env, XDG_STATE_HOME: '/proc/none' }
  const { code, stdout } = await startPostern(['run', '--', 'echo', 'begun'], '', undefined, env).ended
  assert.deepEqual([code, stdout], [0, 'begun\n'])
})

test('a cache directory that cannot be made costs time only', async () => {
  const started = startPostern(['allow', 'a.example.com:443'], '', undefined, {
    ...process.env,
    XDG_CACHE_HOME: '/proc/none',
  })
  const { code, stdout, stderr } = await started.ended
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /- a\.example\.com/)
})

test('the launcher is found behind a link to it, and to its directory', (context) => {
  const directory = scratch(context)
  const bin = join(import.meta.dirname, '..', '..', 'bin')
  symlinkSync(bin, join(directory, 'bin'))
  symlinkSync(join(bin, 'postern'), join(directory, 'linked'))
  for (const path of ['bin/postern', './linked']) {
    const { status, stderr } = spawnSync(path, ['--version'], { cwd: directory, encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''], path)
  }
})
