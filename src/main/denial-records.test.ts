import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderSummary } from '#cli/summary.ts'
import { Denier } from '#proxy/denial/denier.ts'
import { NO_NAMES } from '#proxy/dns/name-lookup.ts'
import { type FixtureService, fixtureConfig } from '#test/service-fixture.ts'
import { DenialRecords, deniedDestination } from './denial-records.ts'

/** What programs may put into a ClientHello, a SOCKS5 request or a CONNECT. */
const HOSTILE = [
  'a;touch$IFS/tmp/x',
  '$(id).example',
  '`id`.example',
  'a|b>c&d',
  '[click](https://evil.example)',
  '<img/src=x>',
  '\u001b[2Jb',
  'a b\nc',
  '\u009b31m',
]

function summaryOf(host: string, format: 'text' | 'markdown' | 'json'): string {
  const denier = new Denier({ workload: { name: 'app', namespace: 'default' }, lookup: NO_NAMES, onDenied() {} })
  denier.deny({ ip: '192.0.2.1', port: 443, protocol: 'tls', host, hostKnownBy: 'sni' })
  const denied = denier.summary().entries.map((entry) => deniedDestination(entry, 'postern'))
  return renderSummary({ workload: 'app', mode: 'enforced', exitCode: 0, configVersion: 'v1', denied }, format)
}

test('a name that a program makes up neither runs in a shell, nor draws on a terminal, nor is a link', () => {
  for (const host of HOSTILE) {
    const text = summaryOf(host, 'text')
    assert.match(text, /^postern: denied {2}app → [\w.\\-]+:443 \(TLS, SNI [\w.\\-]+, 192\.0\.2\.1\)\n/, host)
    assert.doesNotMatch(text, /allow it with/, host)
    const markdown = summaryOf(host, 'markdown')
    assert.match(markdown, /^\| [\w.\\-]+:443 \| 1 \| /m, host)
    assert.doesNotMatch(markdown, /[<>[\]`$]/, host)
  }
})

function mendOf(call: Partial<Parameters<Denier['deny']>[0]>, services: readonly FixtureService[] = []): string {
  const denier = new Denier({ workload: { name: 'app', namespace: 'default' }, lookup: NO_NAMES, onDenied() {} })
  denier.applyConfig(fixtureConfig({ services }))
  denier.deny({ ip: '192.0.2.1', port: 443, protocol: 'tls', host: undefined, hostKnownBy: undefined, ...call })
  return denier
    .summary()
    .entries.map((entry) => deniedDestination(entry, 'postern').mend)
    .join()
}

test('what is spoken is allowed, whatever the port usually carries', () => {
  const host = 'www.example.com'
  assert.equal(
    mendOf({ host, hostKnownBy: 'host', protocol: 'http' }),
    'postern allow www.example.com:443 --protocol HTTP > allow.yaml',
  )
  assert.equal(
    mendOf({ host, hostKnownBy: 'host', protocol: 'http', port: 80 }),
    'postern allow www.example.com:80 > allow.yaml',
  )
  assert.equal(mendOf({ host, hostKnownBy: 'dns' }), 'postern allow www.example.com:443 --protocol TCP > allow.yaml')
  assert.equal(
    mendOf({ host, hostKnownBy: 'dns', protocol: 'tcp', port: 3306 }),
    'postern allow www.example.com:3306 > allow.yaml',
  )
  assert.equal(
    mendOf({ host: 'www.example.com', hostKnownBy: 'sni', port: 8080 }),
    'postern allow www.example.com:8080 --protocol TLS > allow.yaml',
  )
  assert.equal(mendOf({ port: 8080 }), 'postern allow 192.0.2.1:8080 > allow.yaml')
})

test('a name that no ServiceEntry can hold is allowed by its address, if that is not made up', () => {
  const host = 'my_db.example.com'
  assert.equal(mendOf({ host, hostKnownBy: 'sni' }), 'postern allow 192.0.2.1:443 > allow.yaml')
  assert.equal(mendOf({ host, hostKnownBy: 'sni', ip: '240.241.0.1' }), '')
  assert.equal(mendOf({ host: '*.example.com', hostKnownBy: 'sni' }), 'postern allow 192.0.2.1:443 > allow.yaml')
})

test('a port that the nearest entry lacks is told as what to add to it: a second entry of the host takes no effect, or takes its first from it', () => {
  const services = [
    { host: 'www.example.com', port: 80, definedBy: 'ServiceEntry shop/site' },
    {
      host: 'v4.internal',
      port: 81,
      definedBy: 'ServiceEntry shop/v4',
      cidrs: [{ address: '192.0.2.7', prefixLength: 32 }],
    },
  ]
  const site = { host: 'www.example.com', hostKnownBy: 'sni' } as const
  assert.equal(
    mendOf(site, services),
    'add {number: 443, name: tls-443, protocol: TLS} to spec.ports of ServiceEntry shop/site',
  )
  assert.equal(
    mendOf({ ...site, hostKnownBy: 'host', protocol: 'http', port: 8080 }, services),
    'add {number: 8080, name: http-8080, protocol: HTTP} to spec.ports of ServiceEntry shop/site',
  )
  assert.equal(
    mendOf({ ip: '192.0.2.7' }, services),
    'add {number: 443, name: tcp-443, protocol: TCP} to spec.ports of ServiceEntry shop/v4',
  )
  const old = [{ host: 'www.example.com', port: 80, definedBy: 'EgressRule shop/site' }]
  assert.equal(mendOf(site, old), 'add {port: 443, protocol: https} to spec.ports of EgressRule shop/site')
  // It opens TCP of addresses only.
  assert.equal(mendOf({ ...site, hostKnownBy: 'dns', protocol: 'tcp', port: 9000 }, old), '')
  // Refused before it spoke: what the port usually carries.
  assert.equal(
    mendOf({ ...site, hostKnownBy: 'connect', protocol: 'tcp' }, services),
    'add {number: 443, name: tls-443, protocol: TLS} to spec.ports of ServiceEntry shop/site',
  )
})

test('a name that its entry holds to other addresses is told the address to add to it', () => {
  const cidrs = [{ address: '192.0.2.8', prefixLength: 29 }]
  const services = [{ host: 'www.example.com', port: 443, cidrs }]
  const named = { host: 'www.example.com', hostKnownBy: 'sni' } as const
  const mend = 'add 192.0.2.1 to spec.addresses of ServiceEntry default/www.example.com'
  assert.equal(mendOf(named, services), mend)
  // It knew a name that the entry opens at another made-up address.
  assert.equal(mendOf({ ...named, ip: '240.241.0.1' }, services), '')
  assert.equal(
    mendOf(
      named,
      services.map((service) => ({ ...service, definedBy: 'EgressRule default/site' })),
    ),
    '',
  )
  assert.equal(mendOf({}, services), 'postern allow 192.0.2.1:443 > allow.yaml')
})

test('an ordinary name is told how to be allowed', () => {
  assert.match(
    summaryOf('www.example.com', 'text'),
    /allow it with: {2}postern allow www\.example\.com:443 > allow\.yaml/,
  )
  assert.match(summaryOf('www.example.com', 'markdown'), /\| `postern allow www\.example\.com:443 > allow\.yaml` \|$/m)
})

test('a denial log that cannot be written is told of once, and ends nothing', async () => {
  const notices: string[] = []
  const records = new DenialRecords('/dev/full', 'postern', (text) => notices.push(text))
  const denier = new Denier({
    workload: { name: 'app', namespace: 'default' },
    lookup: NO_NAMES,
    onDenied: (denial) => records.write(denial),
  })
  for (const port of [80, 443])
    denier.deny({ ip: '192.0.2.1', port, protocol: 'tcp', host: undefined, hostKnownBy: undefined })
  await records.close()
  assert.equal(notices.length, 1)
  assert.match(notices[0] ?? '', /^denials cannot be written to "\/dev\/full": ENOSPC/)
})

test('a denial log that cannot be opened keeps the run from starting', () => {
  assert.throws(() => new DenialRecords('/nonexistent/denials', 'postern', () => {}), {
    message: /^cannot open the denial log/,
  })
})
