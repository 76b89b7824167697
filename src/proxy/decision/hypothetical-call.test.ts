import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyConfig } from '#proxy/config/model.ts'
import { clusterOf, listenerOf, proxyConfigOf, tcpChainOf } from '#test/proxy-config.ts'
import { type CallDescription, hypotheticalCall } from './hypothetical-call.ts'

function config(): ProxyConfig {
  const service = (host: string, port: number, protocol: string, type: 'STATIC' | 'ORIGINAL_DST' = 'STATIC') =>
    clusterOf(`outbound|${port}||${host}`, {
      type,
      service: { host, port, protocol, namespace: 'default', definedBy: '' },
    })
  const ranged = tcpChainOf('', 'outbound|9000||ranged.example', {
    prefixRanges: [{ address: '10.0.0.0', prefixLength: 8 }],
  })
  const listeners = [
    listenerOf('0.0.0.0_9000', '0.0.0.0', 9000, { filterChains: [ranged] }),
    listenerOf('virtualOutbound', '0.0.0.0', 15_001, {
      useOriginalDst: true,
      defaultFilterChain: tcpChainOf('catchall', 'BlackHoleCluster'),
    }),
  ]
  const clusters = [
    service('web.example', 443, 'HTTP'),
    service('tls.example', 8443, 'TLS'),
    service('*.wild.example', 8443, 'HTTP2'),
    service('db.example', 3306, 'MYSQL'),
    service('detected.example', 8080, ''),
    service('ranged.example', 9000, 'TCP', 'ORIGINAL_DST'),
    service('open.example', 9001, 'TCP', 'ORIGINAL_DST'),
  ]
  const names = new Map([['db.example', { ips: ['240.240.0.7', '2001:2::f0f0:7'], registry: 'External' }]])
  return { ...proxyConfigOf(listeners, clusters), names }
}

function completed(described: Partial<CallDescription>) {
  const blank = { destination: '192.0.2.9', port: 443, host: undefined, sni: undefined, protocol: undefined }
  return hypotheticalCall(config(), { ...blank, ...described })
}

test('what is not said of a protocol is what the named service, the port, or its services speak', () => {
  const cases: readonly (readonly [Partial<CallDescription>, string])[] = [
    [{ host: 'web.example' }, 'http'],
    [{ host: 'other.example' }, 'tls'],
    [{ host: 'TLS.example', port: 8443 }, 'tls'],
    [{ host: 'a.wild.example', port: 8443 }, 'http'],
    [{ host: 'db.example', port: 3306 }, 'tcp'],
    [{ host: 'detected.example', port: 8080 }, 'http'],
    [{ host: 'other.example', port: 9999 }, 'http'],
    [{ port: 8080 }, 'tcp'],
    [{ port: 443 }, 'http'],
    [{ port: 9999 }, 'tcp'],
    [{ sni: 'x', port: 9999 }, 'tls'],
    [{ host: 'web.example', protocol: 'tcp' }, 'tcp'],
  ]
  for (const [described, protocol] of cases)
    assert.equal(completed(described).protocol, protocol, JSON.stringify(described))
})

test('a TLS client names its host, unless another server name is given', () => {
  assert.equal(completed({ host: 'a.example', protocol: 'tls' }).sni, 'a.example')
  assert.equal(completed({ host: 'a.example', sni: 'b.example' }).sni, 'b.example')
  assert.equal(completed({ host: 'web.example' }).sni, '')
})

test('a name becomes the address that the DNS of the capsule answers', () => {
  assert.equal(completed({ destination: 'DB.example.' }).ip, '240.240.0.7')
  assert.equal(completed({ destination: 'localhost' }).ip, '127.0.0.1')
  assert.match(completed({ destination: 'unknown.example' }).ip, /^240\.241\./)
  assert.match(completed({ destination: 'open.example' }).ip, /^192\.0\.2\./)
  assert.throws(() => completed({ destination: 'ranged.example' }), /depends on the address of "ranged\.example"/)
})
