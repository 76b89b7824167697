import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFile, sealed, serviceEntry, worldLog } from './postern.ts'

const CODE = "curl -sS -m 10 -o /dev/null -w '%{http_code}\\n'"
const BOOKS = 'https://www.googleapis.com/books/v1/volumes?q=isbn:0486424618'

test('HTTPS to a host by server name: the book comes, another name at the same address does not', async () => {
  const allowed = await sealed(['-f', 'samples/googleapis.yaml'], `curl -sS '${BOOKS}'`)
  assert.match(allowed.stdout, /"title":"The Comedy of Errors"/)
  const denied = await sealed(['-f', 'samples/googleapis.yaml'], 'curl -sS https://firestore.googleapis.com/')
  assert.equal(denied.code, 35)
})

test('a forged server name does not reach the address behind it', async () => {
  const before = worldLog('arrivals', '203.0.113.66:443').length
  const script = `curl -sk -m 5 --connect-to www.googleapis.com:443:203.0.113.66:443 '${BOOKS}'`
  await sealed(['-f', 'samples/googleapis.yaml'], script)
  assert.equal(worldLog('arrivals', '203.0.113.66:443').length, before)
})

test('a wildcard host allows the names below it, and no other', async (context) => {
  const spec =
    "hosts: ['*.wild.example.com'], ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]"
  const file = configFile(context, serviceEntry('wild', `${spec}, location: MESH_EXTERNAL, resolution: NONE`))
  const script = 'curl -sS https://a.wild.example.com/; curl -sS http://b.c.wild.example.com/'
  const allowed = await sealed(['-f', file], script)
  assert.equal(allowed.stdout, 'this is a.wild.example.com\nthis is b.c.wild.example.com\n', allowed.stderr)
  assert.equal((await sealed(['-f', file], 'curl -sS https://wikipedia.org/')).code, 35)
})

test("Istio 0.6's egress rule for Google's APIs still works", async () => {
  const script = `curl -sS '${BOOKS}'`
  const outcome = await sealed(['-f', 'samples/egress-rule-google-apis.yaml'], script)
  assert.match(outcome.stdout, /Comedy of Errors/, outcome.stderr)
})

test('an egress rule for an address block opens its port there', async (context) => {
  const rule = `apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata: {name: wikipedia}
spec:
  destination: {service: 91.198.174.192/27}
  ports: [{port: 443, protocol: tcp}]
`
  const script = `${CODE} --resolve www.wikipedia.org:443:91.198.174.192 https://www.wikipedia.org/`
  assert.equal((await sealed(['-f', configFile(context, rule)], script)).stdout, '200\n')
})

test('ALLOW_ANY lets everything out, and says nothing of denials', async () => {
  const script = `${CODE} https://drop.example.net/; ${CODE} http://httpbin.org/get; ${CODE} https://www.wikipedia.org/`
  const outcome = await sealed(['--policy', 'ALLOW_ANY'], script)
  assert.equal(outcome.stdout, '200\n200\n200\n', outcome.stderr)
  assert.equal(outcome.stderr, '')
})

test('IPv6: by server name, by address block, and refused', async (context) => {
  const file = configFile(
    context,
    serviceEntry('v6', 'hosts: [ipv6.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS') +
      serviceEntry(
        'v6-echo',
        "hosts: [echo6.example.com], addresses: ['2001:db8::/64'], ports: [{number: 9000, name: tcp, protocol: TCP}], resolution: NONE",
      ),
  )
  const byName = await sealed(['-f', file], 'curl -sS https://ipv6.example.com/')
  assert.equal(byName.stdout, 'this is ipv6.example.com\n', byName.stderr)
  const echo = `node -e "const s=require('net').connect(9000,'2001:db8::40',()=>s.end('six'));s.pipe(process.stdout);s.on('error',e=>console.log(e.code))"`
  assert.equal((await sealed(['-f', file], echo)).stdout, 'six')
  assert.notEqual((await sealed([], echo)).stdout, 'six')
})

test('openssl s_client: the chain verifies through the sidecar, and a refusal is the alert access_denied', async () => {
  const connect =
    'openssl s_client -connect www.googleapis.com:443 -servername www.googleapis.com -verify_return_error -brief </dev/null 2>&1'
  const allowed = await sealed(['-f', 'samples/googleapis.yaml'], connect)
  assert.match(allowed.stdout, /Verification: OK/)
  const denied = await sealed([], connect)
  assert.notEqual(denied.code, 0)
  assert.match(denied.stdout, /access denied/)
})

test('TLS without a server name is refused where only a server name could allow it', async (context) => {
  const spec = 'hosts: [www.googleapis.com], ports: [{number: 443, name: https, protocol: HTTPS}], resolution: NONE'
  const file = configFile(context, serviceEntry('googleapis', spec))
  const connect = 'openssl s_client -connect www.googleapis.com:443 -brief </dev/null 2>&1'
  assert.equal((await sealed(['-f', file], `${connect} -servername www.googleapis.com`)).code, 0)
  const before = worldLog('arrivals', '142.250.74.106:443').length
  const outcome = await sealed(['-f', file, '--summary', 'json'], `${connect} -noservername`)
  assert.notEqual(outcome.code, 0)
  assert.equal(worldLog('arrivals', '142.250.74.106:443').length, before)
  assert.match(outcome.stderr, /no_sni/)
})

test('a name whose addresses change from answer to answer stays reachable', async (context) => {
  const spec = 'hosts: [rotating.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS'
  const file = configFile(context, serviceEntry('rotating', spec))
  const outcome = await sealed(
    ['-f', file],
    'for i in 1 2 3 4 5 6; do curl -sS -m 10 http://rotating.example.com/get | grep -c rotating; sleep 0.4; done',
  )
  assert.equal(outcome.stdout, '1\n'.repeat(6), outcome.stderr)
})

test('targetPort and several ports: each leads where it says', async (context) => {
  const ports =
    'ports: [{number: 80, name: http, protocol: HTTP}, {number: 8081, name: http-alt, protocol: HTTP, targetPort: 8080}]'
  const file = configFile(context, serviceEntry('httpbin', `hosts: [httpbin.org], ${ports}, resolution: DNS`))
  const outcome = await sealed(
    ['-f', file],
    `${CODE} http://httpbin.org/status/201; ${CODE} http://httpbin.org:8081/status/202`,
  )
  assert.equal(outcome.stdout, '201\n202\n', outcome.stderr)
})

test('STATIC endpoints serve a host that no resolver knows', async (context) => {
  const spec =
    'hosts: [internal.example.test], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 34.66.10.50}]'
  const file = configFile(context, serviceEntry('internal', spec))
  const outcome = await sealed(['-f', file], 'curl -sS http://internal.example.test/get')
  assert.match(outcome.stdout, /"host":"internal\.example\.test".*"server":"34\.66\.10\.50"/)
})
