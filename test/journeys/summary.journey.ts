import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFile, scratch, sealed, serviceEntry } from './postern.ts'

const CALL = 'curl -s -m 5 https://drop.example.net/; curl -s -m 5 https://drop.example.net/; true'

interface Summary {
  readonly workload: string
  readonly mode: string
  readonly exitCode: number
  readonly denied: readonly Readonly<Record<'destination' | 'count' | 'reason' | 'sentence' | 'mend', unknown>>[]
}

test('--summary json prints the denials as one JSON document', async () => {
  const outcome = await sealed(['--summary', 'json', '--name', 'shop'], CALL)
  const summary = JSON.parse(outcome.stderr) as Summary
  assert.equal(summary.workload, 'shop')
  assert.equal(summary.mode, 'enforced')
  assert.equal(summary.exitCode, 0)
  const [denied, ...more] = summary.denied
  assert.deepEqual(more, [])
  assert.equal(denied?.destination, 'drop.example.net:443')
  assert.equal(denied?.count, 2)
  assert.equal(denied?.reason, 'no_service_entry')
  assert.match(String(denied?.mend), /postern allow drop\.example\.net:443/)
})

test('--summary markdown prints a table', async () => {
  const outcome = await sealed(['--summary', 'markdown'], CALL)
  assert.match(outcome.stderr, /^\| ?:?-+/m)
  assert.match(outcome.stderr, /^\| drop\.example\.net:443 \| 2 \|.*\|$/m)
})

test('a port that an entry lacks is printed as what to add to it, and added it opens the port and keeps the others', async (context) => {
  const spec =
    'hosts: [httpbin.org], ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 34.66.10.50}], resolution: STATIC'
  const script =
    "for url in http://httpbin.org/get https://httpbin.org/get; do curl -ksS -m 5 -o /dev/null -w '%{http_code} ' $url; done"
  const denialLog = join(scratch(context), 'denials.jsonl')
  const before = await sealed(['-f', configFile(context, serviceEntry('bin', spec)), '--denial-log', denialLog], script)
  assert.equal(before.stdout, '200 000 ')
  const [, port = ''] =
    /^ {9}allow it with: {2}add (\{.*\}) to spec\.ports of ServiceEntry default\/bin$/m.exec(before.stderr) ?? []
  const { mend, suggestion } = JSON.parse(readFileSync(denialLog, 'utf8')) as Record<string, unknown>
  assert.deepEqual([mend, suggestion], [`add ${port} to spec.ports of ServiceEntry default/bin`, null])
  const mended = spec.replace('HTTP}]', `HTTP}, ${port}]`)
  const after = await sealed(['-f', configFile(context, serviceEntry('bin', mended))], script)
  assert.equal(after.stdout, '200 200 ')
})

test('a run without denials prints nothing', async () => {
  const outcome = await sealed([], 'true')
  assert.equal(outcome.stderr, '')
})

test('--denial-log writes one JSON record for each denied call', async (context) => {
  const file = join(scratch(context), 'denials.jsonl')
  await sealed(['--denial-log', file, '--name', 'shop', '-n', 'bookinfo'], CALL)
  const records = readFileSync(file, 'utf8').trimEnd().split('\n')
  assert.equal(records.length, 2)
  const record = JSON.parse(records[0] ?? '') as Record<string, unknown>
  assert.deepEqual(record.workload, { name: 'shop', namespace: 'bookinfo' })
  assert.equal(record.host, 'drop.example.net')
  assert.equal(record.reason, 'no_service_entry')
  assert.equal(record.protocol, 'tls')
})

test('a refused datagram is told at the end, though the kernel refused it', async () => {
  const send = "require('dgram').createSocket('udp4').send('x', 443, '1.2.3.4', () => process.exit())"
  const outcome = await sealed(['--fail-on-denied', '--summary', 'json'], `node -e "${send}"`)
  assert.equal(outcome.code, 3)
  const { denied } = JSON.parse(outcome.stderr) as { denied: readonly { destination: string; reason: string }[] }
  assert.deepEqual(
    denied.map(({ destination, reason }) => [destination, reason]),
    [['1.2.3.4:443', 'udp']],
  )
})
