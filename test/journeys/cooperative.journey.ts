import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { postern, scratch } from './postern.ts'

/** Runs a shell script beside a proxy that its environment names. */
function cooperative(options: readonly string[], script: string): ReturnType<typeof postern> {
  return postern('run', '--cooperative', ...options, '--', 'sh', '-c', script)
}

const ALLOWED = ['-f', 'samples/wikipedia.yaml']

test('cooperative mode says that nothing is enforced', async () => {
  const outcome = await cooperative([], 'exit 4')
  assert.equal(outcome.code, 4)
  assert.match(outcome.stderr, /cooperative: .*nothing is enforced/)
})

test('a client that heeds the environment reaches what is named: CONNECT, SOCKS5 and Node', async () => {
  const fetched = `node -e "fetch('https://www.wikipedia.org/').then((answer) => console.log(answer.status))"`
  const get = 'curl -sS -o /dev/null -w "%{http_code}\\n" https://www.wikipedia.org/'
  const outcome = await cooperative(ALLOWED, `${get}; ${get} -x "$ALL_PROXY"; ${fetched}`)
  assert.equal(outcome.stdout, '200\n200\n200\n', outcome.stderr)
})

test('what is not named is refused with the reason: CONNECT 403, absolute form 502, SOCKS5 code 2', async () => {
  const outcome = await cooperative(
    ['--fail-on-denied'],
    'curl -sS https://www.wikipedia.org/; curl -sSi http://www.wikipedia.org/; curl -sS -x "$ALL_PROXY" https://www.wikipedia.org/',
  )
  assert.equal(outcome.code, 3)
  assert.match(outcome.stderr, /CONNECT tunnel failed, response 403/)
  assert.match(outcome.stderr, /SOCKS5 connection to www\.wikipedia\.org\. \(2\)/)
  assert.match(outcome.stdout, /^HTTP\/1\.1 502 .*\r\n(.*\r\n)*x-postern-denied: no_service_entry\r\n/)
  assert.match(outcome.stderr, /denied {2}sh → www\.wikipedia\.org:443 \(TCP, CONNECT www\.wikipedia\.org\)/)
  assert.match(outcome.stderr, /denied {2}sh → www\.wikipedia\.org:80 \(HTTP, Host www\.wikipedia\.org\)/)
})

test('a destination has one text, however a client writes it, and what is no name is on record', async (context) => {
  const file = join(scratch(context), 'denials.jsonl')
  const script = `const { connect } = require('node:net')
const { hostname, port } = new URL(process.env.ALL_PROXY)
const say = (...parts) => new Promise((resolve) => {
  const client = connect(port, hostname).on('data', (bytes) => (parts.length > 0 ? client.write(parts.shift()) : client.destroy())).on('close', resolve)
  client.write(parts.shift())
})
const socks = (type, bytes) => say(Buffer.from([5, 1, 0]), Buffer.from([5, 1, 0, type, ...bytes, 1, 187]))
const six = (hex) => socks(4, Buffer.from(hex, 'hex'))
const name = (text) => socks(3, [text.length, ...Buffer.from(text)])
six('20010db8000000000000000000000040')
  .then(() => six('00000000000000000000ffff22420a28'))
  .then(() => say('CONNECT [2001:DB8::0:40]:443 HTTP/1.1\\r\\n\\r\\n'))
  .then(() => name('bad host\\n'))
  .then(() => name('a'.repeat(255)))`
  const { stderr } = await cooperative(['--denial-log', file], `node -e "${script}"`)
  const records = readFileSync(file, 'utf8').trimEnd().split('\n')
  const told = records.map((line) => {
    const { destination, host, suggestion } = JSON.parse(line) as Record<string, unknown>
    return [destination, host, suggestion === null]
  })
  assert.deepEqual(told, [
    [{ ip: '2001:db8::40', port: 443 }, null, false],
    [{ ip: '34.66.10.40', port: 443 }, null, false],
    [{ ip: '2001:db8::40', port: 443 }, null, false],
    [{ ip: '', port: 443 }, 'bad\\032host\\010', true],
    [{ ip: '', port: 443 }, 'a'.repeat(255), true],
  ])
  assert.match(stderr, /denied {2}sh → bad\\032host\\010:443 \(TCP, CONNECT bad\\032host\\010\)\n/)
})
