import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postern } from './postern.ts'

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
