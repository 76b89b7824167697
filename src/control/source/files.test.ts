import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatMessage, type Message } from '#kube/message.ts'
import { type FileSourceOptions, openFileSource } from './files.ts'

function entry(name: string, host = `${name}.example.com`): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${host}]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
`
}

/** A source over a new directory, with what it says, and a way to wait for it to say more. */
function world(
  t: TestContext,
  prepare: (directory: string) => void,
  pathsIn = (directory: string) => [directory],
  options: Pick<FileSourceOptions, 'pollMs'> = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'postern-files-'))
  prepare(directory)
  const problems: (readonly Message[])[] = []
  const warnings: (readonly Message[])[] = []
  const source = openFileSource({
    paths: pathsIn(directory),
    onProblem: (errors) => problems.push(errors),
    onWarning: (messages) => warnings.push(messages),
    ...options,
  })
  t.after(() => {
    source.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const names = () => source.current().serviceEntries.map((one) => one.metadata.name)
  const hosts = () => source.current().serviceEntries.flatMap((one) => one.spec.hosts)
  return { directory, source, problems, warnings, names, hosts }
}

/** Then only notices of the file system tell of a change. */
const NO_POLL = { pollMs: 3_600_000 }

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 5) {
    if (condition()) return
    await sleep(5)
  }
  assert.fail(`waited in vain until ${what}`)
}

test('a directory is read recursively, in the order of names, and only its YAML and JSON', (t) => {
  const { names } = world(t, (directory) => {
    mkdirSync(join(directory, 'sub'))
    writeFileSync(join(directory, 'b.yaml'), entry('b'))
    writeFileSync(join(directory, 'a.yml'), entry('a'))
    writeFileSync(join(directory, 'sub', 'c.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }))
    writeFileSync(join(directory, 'sub', 'd.yaml'), entry('d'))
    writeFileSync(join(directory, '.e.yaml.swp.yaml'), 'not: [yaml')
    writeFileSync(join(directory, 'README.md'), '# no: [yaml')
  })
  assert.deepEqual(names(), ['a', 'b', 'd'])
})

test('files that are not valid to begin with are refused with every error and its place', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-files-'))
  writeFileSync(join(directory, 'a.yaml'), entry('a', '"*"'))
  writeFileSync(join(directory, 'b.yaml'), 'a: [b')
  const open = () => openFileSource({ paths: [directory, '/no/such'], onProblem: () => {}, onWarning: () => {} })
  assert.throws(open, (fault: Error) => {
    assert.match(fault.message, /a\.yaml:5:11: error: spec\.hosts\[0\]: invalid host \*/)
    assert.match(fault.message, /b\.yaml:1:\d+: error: broken YAML/)
    assert.equal(fault.message.match(/\/no\/such:1:1/g)?.length, 1)
    assert.match(fault.message, /\/no\/such:1:1: error: there is no such file/)
    return true
  })
  rmSync(directory, { recursive: true })
})

test('without any file there is a configuration that names nothing and denies all', (t) => {
  const { source } = world(
    t,
    () => {},
    () => [],
  )
  assert.deepEqual(source.current().serviceEntries, [])
  assert.equal(source.current().meshConfig.outboundTrafficPolicy.mode, 'REGISTRY_ONLY')
})

test('a file written anew, replaced by a rename, or added in a new directory is taken and announced', async (t) => {
  const { directory, source, hosts } = world(t, (at) =>
    writeFileSync(join(at, 'a.yaml'), entry('a', 'one.example.com')),
  )
  let changes = 0
  const stop = source.watch(() => changes++)
  writeFileSync(join(directory, 'a.yaml'), entry('a', 'two.example.com'))
  await until(() => hosts().includes('two.example.com'), 'the written file is taken')
  writeFileSync(join(directory, '.a.tmp'), entry('a', 'three.example.com'))
  renameSync(join(directory, '.a.tmp'), join(directory, 'a.yaml'))
  await until(() => hosts().includes('three.example.com'), 'the renamed file is taken')
  mkdirSync(join(directory, 'more'))
  writeFileSync(join(directory, 'more', 'b.yaml'), entry('b'))
  await until(() => hosts().includes('b.example.com'), 'the new directory is taken')
  assert.ok(changes >= 3)
  stop()
  const before = changes
  writeFileSync(join(directory, 'a.yaml'), entry('a', 'four.example.com'))
  await until(() => hosts().includes('four.example.com'), 'the last change is taken')
  assert.equal(changes, before)
})

test('a broken file keeps the last good configuration, says why once, and is taken when mended', async (t) => {
  const { directory, problems, hosts } = world(t, (at) =>
    writeFileSync(join(at, 'a.yaml'), entry('a', 'one.example.com')),
  )
  writeFileSync(join(directory, 'a.yaml'), entry('a', '"*"'))
  await until(() => problems.length > 0, 'the problem is told')
  assert.deepEqual(hosts(), ['one.example.com'])
  assert.match(formatMessage(problems[0]![0]!), /a\.yaml:5:11: error: spec\.hosts\[0\]: invalid host \*/)
  await sleep(700)
  assert.equal(problems.length, 1)
  writeFileSync(join(directory, 'a.yaml'), entry('a', 'two.example.com'))
  await until(() => hosts().includes('two.example.com'), 'the mended file is taken')
  writeFileSync(join(directory, 'a.yaml'), entry('a', '"*"'))
  await until(() => problems.length === 2, 'the same problem is told again after it was mended')
})

test('a file that is truncated and written in two steps never empties the configuration', async (t) => {
  const { directory, source, hosts, problems } = world(t, (at) =>
    writeFileSync(join(at, 'a.yaml'), entry('a', 'one.example.com')),
  )
  const seen: number[] = []
  source.watch(() => seen.push(source.current().serviceEntries.length))
  for (let round = 0; round < 10; round++) {
    writeFileSync(join(directory, 'a.yaml'), '')
    await sleep(2)
    writeFileSync(join(directory, 'a.yaml'), entry('a', `round-${round}.example.com`))
    await until(() => hosts().includes(`round-${round}.example.com`), `round ${round} is taken`)
  }
  assert.ok(!seen.includes(0), `entries seen: ${seen}`)
  assert.deepEqual(problems, [])
})

test('a directory that another one takes the place of is followed by notice, after removal and renames', async (t) => {
  const { directory, hosts } = world(
    t,
    (at) => {
      mkdirSync(join(at, 'conf'))
      writeFileSync(join(at, 'conf', 'a.yaml'), entry('a'))
    },
    (at) => [join(at, 'conf')],
    NO_POLL,
  )
  const conf = join(directory, 'conf')
  for (const round of [1, 2]) {
    rmSync(conf, { recursive: true })
    mkdirSync(conf)
    writeFileSync(join(conf, 'a.yaml'), entry('a', `new-${round}.example.com`))
    await until(() => hosts().includes(`new-${round}.example.com`), 'the new directory is taken')
    writeFileSync(join(conf, 'a.yaml'), entry('a', `change-${round}.example.com`))
    await until(() => hosts().includes(`change-${round}.example.com`), 'a change in it is taken')
    mkdirSync(join(directory, 'next'))
    writeFileSync(join(directory, 'next', 'a.yaml'), entry('a', `next-${round}.example.com`))
    renameSync(conf, join(directory, `old-${round}`))
    renameSync(join(directory, 'next'), conf)
    await until(() => hosts().includes(`next-${round}.example.com`), 'the renamed directory is taken')
    writeFileSync(join(conf, 'a.yaml'), entry('a', `last-${round}.example.com`))
    await until(() => hosts().includes(`last-${round}.example.com`), 'a change in the renamed directory is taken')
  }
})

test('a file that a link in a watched directory leads to is followed by notice', async (t) => {
  const { directory, hosts } = world(
    t,
    (at) => {
      for (const name of ['conf', 'elsewhere']) mkdirSync(join(at, name))
      writeFileSync(join(at, 'elsewhere', 'real'), entry('a'))
      symlinkSync('../elsewhere/real', join(at, 'conf', 'a.yaml'))
    },
    (at) => [join(at, 'conf')],
    NO_POLL,
  )
  for (const round of [1, 2, 3]) {
    writeFileSync(join(directory, 'elsewhere', 'real'), entry('a', `round-${round}.example.com`))
    await until(() => hosts().includes(`round-${round}.example.com`), `round ${round} is taken`)
  }
})

test('a named file that is written to from where its directory does not hear of it is followed by notice', async (t) => {
  const { directory, hosts } = world(
    t,
    (at) => {
      for (const name of ['conf', 'elsewhere']) mkdirSync(join(at, name))
      writeFileSync(join(at, 'conf', 'a.yaml'), entry('a'))
      linkSync(join(at, 'conf', 'a.yaml'), join(at, 'elsewhere', 'real'))
    },
    (at) => [join(at, 'conf', 'a.yaml')],
    NO_POLL,
  )
  for (const round of [1, 2, 3]) {
    writeFileSync(join(directory, 'elsewhere', 'real'), entry('a', `round-${round}.example.com`))
    await until(() => hosts().includes(`round-${round}.example.com`), `round ${round} is taken`)
  }
})

test('a file removed from a watched directory takes its objects with it', async (t) => {
  const { directory, names, problems } = world(t, (at) => {
    writeFileSync(join(at, 'a.yaml'), entry('a'))
    writeFileSync(join(at, 'b.yaml'), entry('b'))
  })
  unlinkSync(join(directory, 'a.yaml'))
  await until(() => names().join() === 'b', 'the objects of the removed file are gone')
  unlinkSync(join(directory, 'b.yaml'))
  await until(() => names().length === 0, 'nothing is left')
  assert.deepEqual(problems, [])
})

test('a named file that vanishes keeps the last good configuration, with a problem, until it is back', async (t) => {
  const { directory, names, hosts, problems } = world(
    t,
    (at) => writeFileSync(join(at, 'a.yaml'), entry('a')),
    (at) => [join(at, 'a.yaml')],
  )
  unlinkSync(join(directory, 'a.yaml'))
  await until(() => problems.length > 0, 'the problem is told')
  assert.deepEqual(names(), ['a'])
  assert.match(problems[0]![0]!.text, /no such file/)
  writeFileSync(join(directory, 'a.yaml'), entry('a', 'back.example.com'))
  await until(() => hosts().includes('back.example.com'), 'the file is taken again')
})

test('a mounted ConfigMap, whose files change when the link behind them does, is followed', async (t) => {
  const { directory, hosts } = world(
    t,
    (at) => {
      for (const version of ['..1', '..2']) mkdirSync(join(at, version))
      writeFileSync(join(at, '..1', 'a.yaml'), entry('a', 'one.example.com'))
      writeFileSync(join(at, '..2', 'a.yaml'), entry('a', 'two.example.com'))
      symlinkSync('..1', join(at, '..data'))
      symlinkSync('..data/a.yaml', join(at, 'a.yaml'))
    },
    (at) => [join(at, 'a.yaml')],
  )
  assert.deepEqual(hosts(), ['one.example.com'])
  symlinkSync('..2', join(directory, '..new'))
  renameSync(join(directory, '..new'), join(directory, '..data'))
  await until(() => hosts().includes('two.example.com'), 'the other version is taken')
})

test('the same object in two files is a problem that names both places', async (t) => {
  const { directory, problems, names } = world(t, (at) => writeFileSync(join(at, 'a.yaml'), entry('a')))
  writeFileSync(join(directory, 'b.yaml'), `# a comment\n${entry('a')}`)
  await until(() => problems.length > 0, 'the problem is told')
  assert.match(
    formatMessage(problems[0]![0]!),
    /b\.yaml:2:1: error: ServiceEntry default\/a is already defined at .*a\.yaml:1$/,
  )
  assert.deepEqual(names(), ['a'])
})

test('warnings of a configuration that was taken are told', async (t) => {
  const { directory, warnings, names } = world(t, (at) => writeFileSync(join(at, 'a.yaml'), entry('a')))
  assert.equal(warnings.length, 0)
  writeFileSync(
    join(directory, 'b.yaml'),
    'apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 80}]}\n',
  )
  await until(() => warnings.length > 0, 'the warning is told')
  assert.match(warnings[0]![0]!.text, /Service is valid, but not applied by postern run yet/)
  assert.deepEqual(names(), ['a'])
})

test('a pipe, as a shell gives for <(command), is read once and kept', async (t) => {
  const { directory, source, names, problems } = world(
    t,
    (at) => {
      const pipe = join(at, 'pipe.yaml')
      execFileSync('mkfifo', [pipe])
      writeFileSync(join(at, 'text'), entry('a'))
      spawn('sh', ['-c', `cat "${join(at, 'text')}" > "${pipe}"`], { stdio: 'ignore' })
    },
    (at) => [join(at, 'pipe.yaml')],
  )
  assert.deepEqual(names(), ['a'])
  let changes = 0
  source.watch(() => changes++)
  utimesSync(join(directory, 'pipe.yaml'), 1, 1)
  await sleep(100)
  assert.deepEqual([names(), changes, problems.length], [['a'], 0, 0])
})
