import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { worldLog } from './postern.ts'

const run = promisify(execFile)

/** Runs a shell script in the world, outside any capsule. */
async function open(script: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', script], { timeout: 30_000 })
  return stdout
}

test('without a capsule the world answers: TLS that verifies, HTTP, IPv6', async () => {
  assert.match(await open('curl -sS https://en.wikipedia.org/wiki/Main_Page'), /articlecount.*5,563,121/)
  assert.match(
    await open('curl -sS "https://www.googleapis.com/books/v1/volumes?q=isbn:0486424618"'),
    /Comedy of Errors/,
  )
  assert.match(await open('curl -sS http://httpbin.org/get?a=b'), /"args":\{"a":"b"\}/)
  assert.equal(await open('curl -sS -6 https://dual.example.com/'), 'this is dual.example.com\n')
})

test('without a capsule the databases answer, each with its own ratings', async () => {
  const ask = (host: string): Promise<string> =>
    open(`mariadb -h ${host} -u bookinfo -pbookinfo -N -e 'select sum(Rating) from test.ratings'`)
  assert.equal(await ask('mysql.example.com'), '9\n')
  assert.equal(await ask('reviews-db.example.com'), '2\n')
  const client = join(import.meta.dirname, 'mongo-client.ts')
  assert.equal(await open(`node --disable-warning=ExperimentalWarning ${client}`), 'ratings: 5 4\n')
})

test("the world's resolver knows its zone, nothing else, and remembers every question", async () => {
  assert.equal(await open('dig +short a.b.wild.example.com'), '34.66.10.90\n')
  assert.equal(await open('dig +short +tcp AAAA ipv6.example.com'), '2001:db8::80\n')
  assert.match(await open(`dig nowhere-${process.pid}.example.org`), /status: NXDOMAIN/)
  assert.deepEqual(worldLog('queries', `nowhere-${process.pid}`), [`A nowhere-${process.pid}.example.org`])
  const turns = await open('for i in 1 2 3; do dig +short rotating.example.com; done')
  assert.equal(new Set(turns.trim().split('\n')).size, 3)
})

test('no address outside the world can be reached', async () => {
  await assert.rejects(open('curl -sS -m 2 http://198.18.0.1/'), /Could ?n.t connect|unreachable|Failed to connect/)
})
