import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { configFile, sealed, serviceEntry, worldLog } from './postern.ts'

/*
 * Programs that try to reach an address which no ServiceEntry allows, by saying that they go somewhere else. What a server of the
 * world hears is on its arrival log: whatever got there has escaped. 208.80.154.224 is one of Wikipedia's, and nobody may go there;
 * no other journey does, as they share the log.
 */

const WILD = serviceEntry(
  'wild',
  "hosts: ['*.wild.example.com'], ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}], resolution: NONE",
)
const FORBIDDEN = '208.80.154.224'

function arrivals(port: number): number {
  return worldLog('arrivals', ` ${FORBIDDEN}:${port}`).length
}

describe('a program that names an allowed host, and dials another address', () => {
  test('is refused by server name; the address that DNS answered for the host is not', async (context) => {
    const file = configFile(context, WILD)
    const before = arrivals(443)
    const { stdout, stderr } = await sealed(
      ['-f', file],
      `curl -sS -k -o /dev/null -w '%{http_code}\\n' https://a.wild.example.com/
       curl -sS -k --connect-to a.wild.example.com:443:${FORBIDDEN}:443 https://a.wild.example.com/; echo "code $?"
       curl -sS -k --resolve never.asked.wild.example.com:443:${FORBIDDEN} https://never.asked.wild.example.com/; echo "code $?"`,
    )
    assert.equal(stdout, '200\ncode 35\ncode 35\n')
    assert.match(stderr, /a\.wild\.example\.com:443 .*\n.*this address was never answered for it/)
    assert.equal(arrivals(443), before)
  })

  test('is refused by Host header, with the reason', async (context) => {
    const file = configFile(context, WILD)
    const before = arrivals(80)
    const { stdout } = await sealed(
      ['-f', file],
      `curl -sS -o /dev/null -w '%{http_code}\\n' http://a.wild.example.com/
       curl -sS -D - -o /dev/null -H 'Host: a.wild.example.com' http://${FORBIDDEN}/ | grep -E '^(HTTP|x-postern)'`,
    )
    assert.match(stdout, /^200\nHTTP\/1\.1 502 Bad Gateway\r\nx-postern-denied: address_mismatch\r\n$/)
    assert.equal(arrivals(80), before)
  })

  test('is refused on a kept connection as on a new one', async (context) => {
    const file = configFile(context, WILD)
    const before = arrivals(80)
    const { stdout } = await sealed(
      ['-f', file],
      `curl -sS -o /dev/null -w '%{http_code}\\n' http://a.wild.example.com/
       curl -sS -o /dev/null -w '%{http_code}\\n' http://${FORBIDDEN}/ -H 'Host: wikipedia.org' --next -o /dev/null -w '%{http_code}\\n' http://${FORBIDDEN}/ -H 'Host: a.wild.example.com'`,
    )
    assert.equal(stdout, '200\n502\n502\n')
    assert.equal(arrivals(80), before)
  })

  test('is refused by opaque TCP whose entry names no address', async (context) => {
    const spec =
      'hosts: [echo.example.com], ports: [{number: 9000, name: tcp, protocol: TCP}, {number: 80, name: other, protocol: TCP}], resolution: NONE'
    const file = configFile(context, serviceEntry('echo', spec))
    const before = arrivals(80)
    const { stdout } = await sealed(
      ['-f', file],
      `(echo hello; sleep 1) | curl -sS -m 5 telnet://echo.example.com:9000; echo "code $?"
       curl -sS -m 5 http://${FORBIDDEN}/ 2>/dev/null; echo "code $?"`,
    )
    assert.match(stdout, /^hello\n.*code \d+\n.*code (52|56|0)\n$/s)
    assert.doesNotMatch(stdout, /<html|Wikipedia/)
    assert.equal(arrivals(80), before)
  })

  test('gets there where addresses, or ALLOW_ANY, say so', async (context) => {
    const addressed = WILD.replace('ports:', `addresses: [${FORBIDDEN}/32], ports:`)
    const script = `curl -sS -o /dev/null -w '%{http_code}\\n' -H 'Host: a.wild.example.com' http://${FORBIDDEN}/
       curl -sS -k -o /dev/null -w '%{http_code}\\n' --connect-to a.wild.example.com:443:${FORBIDDEN}:443 https://a.wild.example.com/`
    const before = arrivals(80) + arrivals(443)
    const byAddress = await sealed(['-f', configFile(context, addressed)], script)
    const byPolicy = await sealed(['-f', configFile(context, WILD), '--policy', 'ALLOW_ANY'], script)
    assert.match(byAddress.stdout, /^\d{3}\n\d{3}\n$/)
    assert.match(byPolicy.stdout, /^\d{3}\n\d{3}\n$/)
    assert.equal(arrivals(80) + arrivals(443), before + 4)
  })
})

describe('a name that is answered with an address of this machine', () => {
  test('opens neither its loopback nor its metadata service, whoever resolves it', async (context) => {
    let visits = 0
    const server = createServer((_request, response) => {
      visits += 1
      response.end('secret')
    }).listen(0, '127.0.0.1')
    context.after(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const file = configFile(
      context,
      serviceEntry(
        'rebound',
        `hosts: [loopback.rebind.example.com, metadata.rebind.example.com], ports: [{number: ${port}, name: http, protocol: HTTP}], resolution: DNS`,
      ) + WILD.replace('number: 80', `number: ${port}`).replace('*.wild', '*.rebind'),
    )
    const ask = (url: string): string => `curl -sS -m 5 -D - ${url} 2>/dev/null | grep -iE 'secret|^x-postern'; `
    for (const policy of ['REGISTRY_ONLY', 'ALLOW_ANY']) {
      const { stdout } = await sealed(
        ['-f', file, '--policy', policy],
        `${ask(`http://loopback.rebind.example.com:${port}/`)}
         ${ask(`http://metadata.rebind.example.com:${port}/`)}
         ${ask(`-H 'Host: other.rebind.example.com' http://169.254.169.254:${port}/`)}
         ${ask(`--noproxy '*' 'http://[::ffff:169.254.169.254]:${port}/'`)}`,
      )
      const refused = stdout.split(/\r?\n/).filter((line) => line !== '')
      assert.deepEqual(
        new Set(refused.slice(0, 3)),
        new Set(['x-postern-denied: local_address']),
        `${policy}: ${stdout}`,
      )
    }
    assert.equal(visits, 0)
  })
})

test('HTTP/1.0 to a port that is declared HTTP is told which versions are routed', async (context) => {
  const file = configFile(
    context,
    serviceEntry('bin', 'hosts: [httpbin.org], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS'),
  )
  const { stdout, stderr } = await sealed(['-f', file], 'curl -0 -sSi http://httpbin.org/get')
  assert.match(stdout, /^HTTP\/1\.1 502 .*^x-postern-denied: http_version\r$.*only HTTP\/1\.1 and HTTP\/2 are routed/ms)
  assert.doesNotMatch(stderr, /allow it with/)
})
