import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addWhyVerb, type WhyAnswer, type WhyQuestion } from './why.ts'

const DENIED: WhyAnswer = {
  verdict: 'deny',
  destination: '192.0.2.1:80',
  protocol: 'http',
  cluster: null,
  listener: '0.0.0.0_80',
  filterChain: null,
  virtualHost: 'block_all',
  route: 'block_all',
  status: 502,
  reason: 'block_all',
  explanation: ['no ServiceEntry names this host'],
}

async function run(...args: string[]) {
  let output = ''
  let asked: WhyQuestion | undefined
  const program = new Command('postern')
  addWhyVerb(
    program,
    (text) => {
      output += text
    },
    (question) => {
      asked = question
      return Promise.resolve(DENIED)
    },
  )
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} })
  await program.parseAsync(['node', 'postern', 'why', ...args])
  return { output, asked }
}

test('a question takes several files after one flag, and several flags', async () => {
  const { asked } = await run('-f', 'a.yaml', 'b', '-f', 'c.yaml', '--dst', '192.0.2.1:80')
  assert.deepEqual(asked, {
    files: ['a.yaml', 'b', 'c.yaml'],
    destination: '192.0.2.1',
    port: 80,
    host: undefined,
    sni: undefined,
    protocol: undefined,
    policy: undefined,
    namespace: 'default',
  })
})

test('a destination is an address or a name, and a name is the host that is asked for', async () => {
  const { asked: six } = await run('--dst', '[2001:db8::1]:443', '--host', 'a.example')
  assert.deepEqual([six?.destination, six?.port, six?.host], ['2001:db8::1', 443, 'a.example'])
  const { asked: named } = await run('--dst', 'a.example:443')
  assert.deepEqual([named?.destination, named?.host], ['a.example', 'a.example'])
  for (const text of [
    '1.2.3:80',
    '1.2.3.4',
    '1.2.3.4:0',
    '1.2.3.4:65536',
    '2001:db8::1:80',
    '[a.example]:80',
    '10.0.0.0/8:80',
    ':80',
  ])
    await assert.rejects(run('--dst', text), /is not IP:PORT or NAME:PORT/, text)
})

test('protocols are those of service ports, in any case, and mean what their first bytes look like', async () => {
  for (const [written, meant] of [
    ['HTTPS', 'tls'],
    ['gRPC-Web', 'http'],
    ['HTTP2', 'http'],
    ['MySQL', 'tcp'],
  ] as const) {
    const { asked } = await run('--dst', '192.0.2.1:80', '--protocol', written)
    assert.equal(asked?.protocol, meant)
  }
  await assert.rejects(run('--dst', '192.0.2.1:80', '--protocol', 'gopher'), /Allowed choices are tcp, tls/)
})

test('JSON has every field, null where there is nothing; text has those that say something', async () => {
  const { output } = await run('--dst', '192.0.2.1:80', '-o', 'json')
  assert.deepEqual(JSON.parse(output), DENIED)
  assert.equal(
    (await run('--dst', '192.0.2.1:80')).output,
    [
      'deny: block_all',
      '  destination: 192.0.2.1:80 (http)',
      '  listener: 0.0.0.0_80',
      '  virtual host: block_all',
      '  route: block_all',
      '  status: 502',
      '  no ServiceEntry names this host',
      '',
    ].join('\n'),
  )
})
