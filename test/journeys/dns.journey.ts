import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFile, sealed, serviceEntry, worldLog } from './postern.ts'

const VIP = /^240\.240\.\d+\.\d+$/

test('a name that nobody may reach never leaves the capsule, whatever is asked about it', async () => {
  const secret = `s3cret-${process.pid}`
  const script = `
    getent hosts ${secret}-a.drop.example.net
    curl -s -m 3 https://${secret}-b.drop.example.net/
    for type in A AAAA TXT MX SRV HTTPS ANY; do dig +short +time=2 +tries=1 $type ${secret}-c.drop.example.net; done
    dig +short +tcp +time=2 +tries=1 ${secret}-d.drop.example.net
    dig +short +time=1 +tries=1 @192.0.2.53 ${secret}-e.drop.example.net
    true`
  await sealed(['-f', 'samples/httpbin.yaml'], script)
  assert.deepEqual(worldLog('queries', secret), [])
})

test('services get virtual addresses that are theirs alone and stay the same', async (context) => {
  const host = (name: string): string =>
    serviceEntry(
      name,
      `hosts: [${name}.example.com], ports: [{number: 3306, name: tcp, protocol: TCP}], resolution: DNS`,
    )
  const file = configFile(context, host('mysql') + host('reviews-db'))
  const ask = 'for h in mysql reviews-db mysql; do getent ahostsv4 $h.example.com | head -n 1 | cut -d " " -f 1; done'
  const [first, second, again] = (await sealed(['-f', file], ask)).stdout.trim().split('\n')
  assert.match(first ?? '', VIP)
  assert.match(second ?? '', VIP)
  assert.notEqual(first, second)
  assert.equal(again, first)
  const [later] = (await sealed(['-f', file], ask)).stdout.trim().split('\n')
  assert.equal(later, first)
})

test('HTTPS records of a known host are answered, empty, so that browsers go on', async () => {
  const outcome = await sealed(['-f', 'samples/googleapis.yaml'], 'dig +time=2 +tries=1 HTTPS www.googleapis.com')
  assert.match(outcome.stdout, /status: NOERROR/)
})

test('UDP other than DNS gets a refusal at once', async () => {
  const script = `node -e "
    const socket = require('dgram').createSocket('udp4')
    socket.on('error', (error) => { console.log(error.code); process.exit() })
    socket.connect(443, '142.250.74.106', () => { socket.send('quic?'); setInterval(() => socket.send('quic?'), 50) })
    setTimeout(() => { console.log('silence'); process.exit() }, 5000)"`
  assert.match((await sealed([], script)).stdout, /^(ECONNREFUSED|EPERM|EHOSTUNREACH|EACCES|ENETUNREACH)$/m)
})
