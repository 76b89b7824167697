import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Command, CommanderError } from 'commander'
import type { MeshConfig } from '#api/mesh-config.ts'
import { Fault } from '#base/fault.ts'
import { parseManifests } from '#kube/manifest.ts'
import { addAllowVerb, parseDestination } from './allow.ts'
import { addConvertVerb } from './convert.ts'
import { addValidateVerb, type LogRemark } from './validate.ts'
import type { VerbIo } from './verb-io.ts'

const GOOD = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec: {hosts: [a.com]}\n'
const BAD =
  'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: b}\nspec:\n  hosts: ["*"]\n  resolution: SOMETIMES\n'
const WARNED = 'apiVersion: v1\nkind: Service\nmetadata: {name: c}\nspec: {ports: [{port: 80}]}\n'
const RULE =
  'apiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: r}\nspec: {destination: {service: a.com}, ports: [{port: 80, protocol: http}]}\n'

function run(...words: readonly string[]) {
  return runWith(async () => [], ...words)
}

async function runWith(logRemarks: (config: MeshConfig) => Promise<readonly LogRemark[]>, ...words: readonly string[]) {
  let stdout = ''
  let stderr = ''
  const io: VerbIo = { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } }
  const program = new Command('postern').exitOverride()
  addValidateVerb(program, io, logRemarks)
  addConvertVerb(program, io)
  addAllowVerb(program, io)
  await program.parseAsync([...words], { from: 'user' })
  return { code: io.exitCode, stdout, stderr }
}

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-verbs-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'sub'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

test('one file is checked with a JSON object of its own', async (t) => {
  const at = folder(t, { 'good.yaml': GOOD, 'bad.yaml': BAD })
  const good = await run('validate', '-f', join(at, 'good.yaml'), '-o', 'json')
  assert.deepEqual([good.code, JSON.parse(good.stdout)], [0, { valid: true, messages: [] }])
  const bad = await run('validate', '-f', join(at, 'bad.yaml'), '-o', 'json')
  assert.equal(bad.code, 1)
  assert.deepEqual(JSON.parse(bad.stdout), {
    valid: false,
    messages: [
      { level: 'error', text: 'invalid host *', path: 'spec.hosts[0]', line: 5 },
      {
        level: 'error',
        text: 'Unsupported value: "SOMETIMES": supported values: "NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"',
        path: 'spec.resolution',
        line: 6,
      },
    ].sort((a, b) => a.line - b.line),
  })
})

test('a directory, or several files, are checked with a list of results', async (t) => {
  const at = folder(t, { 'good.yaml': GOOD, 'bad.yaml': BAD, 'sub/warned.yml': WARNED, 'same.yaml': GOOD })
  const { code, stdout } = await run('validate', '-f', at, '-o', 'json')
  const { results } = JSON.parse(stdout) as {
    results: { file: string; valid: boolean; messages: { level: string }[] }[]
  }
  assert.equal(code, 1)
  assert.deepEqual(
    results.map(({ file, valid, messages }) => [
      file.slice(at.length + 1),
      valid,
      messages.map(({ level }) => level).join(),
    ]),
    [
      ['bad.yaml', false, 'error,error'],
      ['good.yaml', true, ''],
      ['same.yaml', true, 'warning'],
      ['sub/warned.yml', true, 'warning'],
    ],
  )
  assert.equal((await run('validate', '-f', at, '-o=json')).stdout, stdout)
  await assert.rejects(run('validate', '-f', at, '-o', 'xml'), /it is text or json/)
  const several = await run('validate', '-f', join(at, 'good.yaml'), '-f', join(at, 'sub/warned.yml'), '-o', 'json')
  assert.equal(several.code, 0)
  assert.equal((JSON.parse(several.stdout) as { results: unknown[] }).results.length, 2)
})

test('files that are valid are told in the words of istioctl', async (t) => {
  const at = folder(t, { 'good.yaml': GOOD, 'warned.yaml': WARNED })
  const { stdout } = await run('validate', '-f', at)
  const lines = stdout.split('\n')
  assert.match(lines[0] ?? '', /warned\.yaml:1:1: warning: /)
  assert.deepEqual(lines.slice(1), [
    `"${at}/good.yaml" is valid`,
    `"${at}/warned.yaml" has warnings`,
    '2 files: valid, 0 errors, 1 warning',
    '',
  ])
})

test('text has one line for each message and a summary', async (t) => {
  const at = folder(t, { 'bad.yaml': BAD })
  const { code, stdout } = await run('validate', '-f', join(at, 'bad.yaml'))
  assert.equal(code, 1)
  const lines = stdout.split('\n')
  assert.equal(lines[0], `${at}/bad.yaml:5:11: error: spec.hosts[0]: invalid host *`)
  assert.equal(lines[2], '1 file: 1 of 1 file invalid, 2 errors, 0 warnings')
})

test('a file that is not there is invalid', async () => {
  const { code, stdout } = await run('validate', '-f', '/no/such.yaml', '-o', 'json')
  assert.equal(code, 1)
  assert.match(stdout, /cannot be read: ENOENT/)
})

test('a log format that nothing could write is an error at its field, in a ConfigMap too', async (t) => {
  const at = folder(t, {
    'plain.yaml': 'apiVersion: mesh.istio.io/v1alpha1\nkind: MeshConfig\naccessLogFormat: "%REAQ(X)%"\n',
    'map.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata:\n  mesh: |\n    accessLogFormat: "%REAQ(X)%"\n',
  })
  const remarks = async ({ accessLogFormat }: MeshConfig) => [
    { level: 'error', text: `no such thing: ${accessLogFormat}` } as const,
  ]
  const { code, stdout } = await runWith(remarks, 'validate', '-f', at)
  assert.equal(code, 1)
  assert.match(stdout, /map\.yaml:\d+:\d+: error: data\.mesh\.accessLogFormat: no such thing: %REAQ\(X\)%\n/)
  assert.match(stdout, /plain\.yaml:3:\d+: error: accessLogFormat: no such thing: %REAQ\(X\)%\n/)
})

test('egress rules are converted, everything else keeps its text', async (t) => {
  const kept = `# a comment\n${GOOD}`
  const at = folder(t, { 'a.yaml': `${kept}---\n${RULE}---\n# kept too\n${WARNED}` })
  const { code, stdout, stderr } = await run('convert', '-f', join(at, 'a.yaml'))
  assert.equal(code, 0)
  assert.ok(stdout.startsWith(kept))
  assert.ok(stdout.endsWith(`---\n# kept too\n${WARNED}`))
  assert.match(stderr, /warning: Service is valid, but not applied/)
  const { manifests, messages } = parseManifests('f', stdout)
  assert.deepEqual(messages, [])
  assert.deepEqual(
    manifests.map(({ kind }) => kind),
    ['ServiceEntry', 'ServiceEntry', 'Service'],
  )
  writeFileSync(join(at, 'b.yaml'), stdout)
  assert.equal((await run('validate', '-f', join(at, 'b.yaml'))).code, 0)
})

test('a list with an egress rule in it is written as its items', async (t) => {
  const item = (text: string) => `- ${text.replaceAll('\n', '\n  ').trimEnd()}\n`
  const at = folder(t, { 'a.yaml': `apiVersion: v1\nkind: List\nitems:\n${item(GOOD)}${item(RULE)}` })
  const { manifests } = parseManifests('f', (await run('convert', '-f', join(at, 'a.yaml'))).stdout)
  assert.deepEqual(
    manifests.map(({ kind, apiVersion }) => `${apiVersion} ${kind}`),
    ['networking.istio.io/v1 ServiceEntry', 'networking.istio.io/v1 ServiceEntry'],
  )
})

test('route rules and destination policies of all files are converted together, at the end', async (t) => {
  const legacy = (kind: string, name: string, spec: string) =>
    `apiVersion: config.istio.io/v1alpha2\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
  const at = folder(t, {
    'a.yaml': `${legacy('RouteRule', 'low', '{destination: {name: a}}')}---\n${GOOD}`,
    'b.yaml': legacy('RouteRule', 'high', '{destination: {name: a}, precedence: 1, route: [{labels: {v: x}}]}'),
    'c.yaml': legacy('DestinationPolicy', 'p', '{destination: {name: a}, loadBalancing: {name: RANDOM}}'),
  })
  const { code, stdout, stderr } = await run('convert', '-f', at)
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(stdout.startsWith(`${GOOD}---\n`))
  const { manifests, messages } = parseManifests('f', stdout)
  assert.deepEqual(messages, [])
  assert.deepEqual(
    manifests.slice(1).map(({ kind, value }) => [kind, value.spec]),
    [
      [
        'VirtualService',
        {
          hosts: ['a'],
          http: [
            { route: [{ destination: { host: 'a', subset: 'v-x' } }] },
            { route: [{ destination: { host: 'a' } }] },
          ],
        },
      ],
      [
        'DestinationRule',
        {
          host: 'a',
          trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
          subsets: [{ name: 'v-x', labels: { v: 'x' } }],
        },
      ],
    ],
  )
  const refused = folder(t, { 'a.yaml': legacy('RouteRule', 'r', '{route: [{weight: 1}]}') })
  const { code: failure, stdout: nothing, stderr: why } = await run('convert', '-f', refused)
  assert.deepEqual([failure, nothing], [1, ''])
  assert.match(why, /a\.yaml:4:\d+: error: spec\.destination: route rule must have a destination service/)
})

test('nothing is converted when something is invalid, or no ServiceEntry could stand for a rule', async (t) => {
  const at = folder(t, { 'bad.yaml': `${RULE}---\n${BAD}`, 'every.yaml': RULE.replace('a.com', '"*"') })
  for (const file of ['bad.yaml', 'every.yaml']) {
    const { code, stdout, stderr } = await run('convert', '-f', join(at, file))
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /: error: /)
  }
})

test('allow prints what validate takes', async (t) => {
  const { code, stdout } = await run(
    'allow',
    'www.wikipedia.org:443',
    '10.0.0.0/8:3306',
    '[2001:db8::1]:22',
    '*.example.com:443',
    '-n',
    'ns',
  )
  assert.equal(code, 0)
  const at = folder(t, { 'allow.yaml': stdout })
  assert.equal((await run('validate', '-f', join(at, 'allow.yaml'))).stdout, `"${at}/allow.yaml" is valid\n`)
  assert.equal(stdout.match(/namespace: ns/g)?.length, 4)
})

test('allow refuses what it cannot allow', async () => {
  await assert.rejects(run('allow', 'a.com'), CommanderError)
  for (const words of [
    ['a.com:0'],
    ['a.com:99999'],
    ['*.a.com:3306'],
    ['a.com:443', '--protocol', 'GOPHER'],
    ['a.com:443', '--name', 'Bad_Name'],
  ]) {
    await assert.rejects(run('allow', ...words), Fault, words.join(' '))
  }
})

test('destinations are read with their port', async () => {
  assert.deepEqual(parseDestination('a.com:443'), { host: 'a.com', ip: 'a.com', port: 443 })
  assert.deepEqual(parseDestination('10.0.0.0/8:22'), { host: undefined, ip: '10.0.0.0/8', port: 22 })
  for (const text of ['[2001:db8::/32]:22', '[2001:db8::]/32:22']) {
    assert.deepEqual(parseDestination(text), { host: undefined, ip: '2001:db8::/32', port: 22 })
  }
  for (const text of [
    '',
    ':443',
    'a.com',
    'a.com:',
    'a.com:x',
    '2001:db8::1:443',
    'a.com:443:443',
    'https://a.com:443',
  ]) {
    assert.throws(() => parseDestination(text), /is not HOST:PORT/, text)
  }
})
