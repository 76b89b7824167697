import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FixtureService, fixtureConfig } from '#test/service-fixture.ts'
import type { Denial } from './denial.ts'
import { compileDenialIndex } from './denial-index.ts'
import { explainDenial, type RefusedCall } from './explain.ts'
import { describeDenial, renderDenial } from './sentence.ts'

const WIKIPEDIA_RANGE = { address: '91.198.174.192', prefixLength: 27 }
const WIKIPEDIA: FixtureService = {
  host: 'wikipedia.org',
  port: 443,
  definedBy: 'ServiceEntry default/wikipedia-ext',
  type: 'ORIGINAL_DST',
  cidrs: [WIKIPEDIA_RANGE],
}

function explain(services: readonly FixtureService[], call: Partial<RefusedCall>) {
  const full: RefusedCall = {
    ip: '198.51.100.1',
    port: 443,
    host: undefined,
    hostKnownBy: undefined,
    protocol: 'tls',
    ...call,
  }
  return explainDenial(compileDenialIndex(fixtureConfig({ services })), full)
}

function nearestText(services: readonly FixtureService[], call: Partial<RefusedCall>): string {
  const { reason, nearest } = explain(services, call)
  return nearest === undefined ? reason : `${reason}: ${nearest.rule} ${nearest.allows} [${nearest.field}]`
}

describe('a host that nothing names', () => {
  const sni = (host: string): Partial<RefusedCall> => ({ host, hostKnownBy: 'sni' })

  it('comes nearest to its parent domain', () => {
    assert.equal(
      nearestText([WIKIPEDIA], { ...sni('www.wikipedia.org'), ip: '91.198.174.192' }),
      'no_service_entry: ServiceEntry default/wikipedia-ext allows port 443 of wikipedia.org only [spec.hosts]',
    )
  })

  it('comes nearest to its twin without www., its wildcard, its sub-domain, its sibling', () => {
    const near = (host: string, named: string) => nearestText([{ host: named, port: 443 }], sni(host))
    assert.match(near('example.com', 'www.example.com'), /of www\.example\.com only/)
    assert.match(near('example.com', '*.example.com'), /of \*\.example\.com only/)
    assert.match(near('example.com', 'api.eu.example.com'), /of api\.eu\.example\.com only/)
    assert.match(near('de.example.com', 'api.example.com'), /of api\.example\.com only/)
  })

  it('comes nearest to what was probably meant', () => {
    const named = [
      { host: 'api.github.com', port: 443 },
      { host: 'api.gitlab.com', port: 443 },
    ]
    assert.match(nearestText(named, sni('api.gihtub.com')), /of api\.github\.com only/)
    assert.match(nearestText(named, sni('api.gitlab.con')), /of api\.gitlab\.com only/)
  })

  it('is not near to strangers, nor to those who only share a public suffix', () => {
    assert.equal(nearestText([{ host: 'bbc.co.uk', port: 443 }], sni('evil-tracker.co.uk')), 'no_service_entry')
    assert.equal(nearestText([{ host: 'example.com', port: 443 }], sni('quite-another.net')), 'no_service_entry')
  })
})

describe('a host that is named', () => {
  it('on other ports', () => {
    const services = [443, 80, 8443].map((port) => ({ host: 'example.com', port }))
    assert.equal(
      nearestText(services, { host: 'Example.com', hostKnownBy: 'sni', port: 9000 }),
      'port_not_allowed: ServiceEntry default/example.com allows ports 80, 443 and 8443 of example.com only [spec.ports]',
    )
  })

  it('by a wildcard, on other ports', () => {
    const services = [{ host: '*.example.com', port: 443 }]
    assert.match(nearestText(services, { host: 'a.b.example.com', hostKnownBy: 'sni', port: 80 }), /^port_not_allowed/)
  })

  it('for another protocol', () => {
    assert.equal(
      nearestText([{ host: 'example.com', port: 443 }], { host: 'example.com', hostKnownBy: 'host', protocol: 'http' }),
      'protocol_mismatch: ServiceEntry default/example.com allows HTTPS on port 443 of example.com only [spec.ports[].protocol]',
    )
  })

  it('in a version of HTTP that is not routed', () => {
    const services = [{ host: 'example.com', port: 80, protocol: 'HTTP' }]
    assert.equal(
      nearestText(services, { host: 'example.com', hostKnownBy: 'host', port: 80, protocol: 'http', isOldHttp: true }),
      'http_version: ServiceEntry default/example.com allows HTTP/1.1 and HTTP/2 on port 80 of example.com [spec.ports[].protocol]',
    )
  })

  it('but whose TLS handshake does not say so', () => {
    assert.match(
      nearestText([{ host: 'example.com', port: 443 }], { host: 'example.com', hostKnownBy: 'dns' }),
      /^no_sni/,
    )
  })

  it('but whose Host header is an address', () => {
    const services = [{ host: 'example.com', port: 80, protocol: 'HTTP' }]
    assert.equal(
      nearestText(services, { host: 'example.com', hostKnownBy: 'dns', port: 80, protocol: 'http' }),
      'no_host_header: ServiceEntry default/example.com allows port 80 to the Host header example.com only [spec.hosts]',
    )
  })

  it('for other addresses', () => {
    assert.equal(
      nearestText([WIKIPEDIA], { host: 'wikipedia.org', hostKnownBy: 'sni', ip: '203.0.113.9' }),
      'address_not_allowed: ServiceEntry default/wikipedia-ext allows port 443 of 91.198.174.192/27 only [spec.addresses]',
    )
  })

  it('on a port that alone led it to the service of another', () => {
    const service: FixtureService = { host: 'db.example', port: 5432, protocol: 'TCP', type: 'ORIGINAL_DST' }
    const refused = {
      host: 'db.example',
      namespace: 'default',
      port: 5432,
      protocol: 'TCP',
      definedBy: 'ServiceEntry default/db',
    }
    const refusal = { reason: 'address_mismatch', service: refused } as const
    const call = { hostKnownBy: 'dns', port: 5432, protocol: 'tcp', refusal } as const
    assert.match(nearestText([service], { ...call, host: 'other.example' }), /^no_service_entry/)
    assert.match(nearestText([service], { ...call, host: 'DB.example' }), /^address_mismatch/)
  })

  it('for the address that was made up for it', () => {
    const services = [{ ...WIKIPEDIA, cidrs: [{ address: '240.240.0.7', prefixLength: 32 }] }]
    assert.equal(
      nearestText(services, { host: 'wikipedia.org', hostKnownBy: 'sni', ip: '203.0.113.9' }),
      'address_not_allowed: ServiceEntry default/wikipedia-ext allows port 443 of wikipedia.org only [spec.addresses]',
    )
  })

  it('without a healthy endpoint', () => {
    const services = [{ host: 'db.example.com', port: 3306, protocol: 'TCP', endpoints: 0 }]
    assert.match(
      nearestText(services, { host: 'db.example.com', hostKnownBy: 'dns', port: 3306, protocol: 'tcp' }),
      /^no_endpoint/,
    )
  })
})

describe('an address without a name', () => {
  it('inside an allowed prefix, on another port', () => {
    assert.match(
      nearestText([WIKIPEDIA], { ip: '91.198.174.200', port: 80, protocol: 'tcp' }),
      /^port_not_allowed: .*wikipedia-ext/,
    )
  })

  it('of a host, on other ports than those that its address or its name opens', () => {
    const services = [{ ...WIKIPEDIA, port: 80, protocol: 'HTTP', cidrs: [] }, WIKIPEDIA]
    for (const host of [undefined, 'quite-another.net'])
      assert.match(
        nearestText(services, { ip: '91.198.174.200', port: 81, protocol: 'tcp', host }),
        /allows ports 80 and 443 of wikipedia\.org only/,
      )
  })

  it('near to an allowed prefix', () => {
    const far = {
      ...WIKIPEDIA,
      host: 'far.org',
      definedBy: 'ServiceEntry default/far',
      cidrs: [{ address: '91.198.0.0', prefixLength: 24 }],
    }
    assert.match(
      nearestText([far, WIKIPEDIA], { ip: '91.198.174.1', protocol: 'tcp' }),
      /^address_not_allowed: .*wikipedia-ext/,
    )
    assert.equal(nearestText([WIKIPEDIA], { ip: '10.0.0.1', protocol: 'tcp' }), 'no_service_entry')
  })

  it('in IPv6, and near to an IPv6 prefix', () => {
    const service = { ...WIKIPEDIA, cidrs: [{ address: '2620:0:862::', prefixLength: 46 }] }
    assert.match(nearestText([service], { ip: '2620:0:900::1', protocol: 'tcp' }), /^address_not_allowed/)
    assert.match(nearestText([service], { ip: '2620:0:862::1', port: 80, protocol: 'tcp' }), /^port_not_allowed/)
  })

  it('speaking TLS without a server name where one is needed', () => {
    assert.match(nearestText([{ host: 'example.com', port: 443 }], {}), /^no_sni: .*the server name example\.com only/)
  })

  it('over UDP', () => {
    assert.equal(nearestText([WIKIPEDIA], { protocol: 'udp' }), 'udp')
  })
})

describe('ten thousand services', () => {
  const services = Array.from({ length: 10_000 }, (_, at) => ({
    host: `service-${at}.partner-${at % 97}.example`,
    port: 443,
  }))
  const index = compileDenialIndex(fixtureConfig({ services }))

  it('still yield the host that was meant', () => {
    const call: RefusedCall = {
      ip: '198.51.100.1',
      port: 443,
      host: 'servcie-4711.partner-55.example',
      hostKnownBy: 'sni',
      protocol: 'tls',
    }
    assert.match(explainDenial(index, call).nearest?.rule ?? '', /service-4711\.partner-55\.example/)
  })
})

describe('the sentence', () => {
  const denial: Denial = {
    time: '2026-11-21T00:00:00.000Z',
    workload: { name: 'curl', namespace: 'default' },
    destination: { ip: '91.198.174.192', port: 443 },
    host: 'www.wikipedia.org',
    hostKnownBy: 'sni',
    protocol: 'tls',
    ...explain([WIKIPEDIA], { host: 'www.wikipedia.org', hostKnownBy: 'sni' }),
    configVersion: 'v7',
  }

  it('says who, where to, why, and what came nearest', () => {
    assert.equal(
      describeDenial(denial),
      'denied curl → www.wikipedia.org:443 (TLS, SNI www.wikipedia.org, 91.198.174.192): no ServiceEntry names this host; ' +
        'nearest: ServiceEntry default/wikipedia-ext allows port 443 of wikipedia.org only',
    )
  })

  it('takes three lines in a terminal', () => {
    assert.equal(
      renderDenial(denial, { suggestion: 'bin/postern allow www.wikipedia.org:443 > allow.yaml' }),
      'postern: denied  curl → www.wikipedia.org:443 (TLS, SNI www.wikipedia.org, 91.198.174.192)\n' +
        '         no ServiceEntry names this host. nearest: ServiceEntry default/wikipedia-ext allows port 443 of wikipedia.org only\n' +
        '         allow it with:  bin/postern allow www.wikipedia.org:443 > allow.yaml',
    )
  })

  it('says an address once when there is no name', () => {
    const unnamed = { ...denial, host: undefined, hostKnownBy: undefined, destination: { ip: '2001:db8::1', port: 22 } }
    assert.match(
      describeDenial({ ...unnamed, nearest: undefined, protocol: 'tcp' }),
      /^denied curl → \[2001:db8::1\]:22 \(TCP\): /,
    )
  })

  it('keeps made-up addresses and control characters to itself', () => {
    const hostile = {
      ...denial,
      host: 'a\u001b[2J\n',
      hostKnownBy: 'dns' as const,
      destination: { ip: '240.241.3.4', port: 25 },
    }
    assert.match(describeDenial(hostile), /^denied curl → a\?\[2J\?:25 \(TLS\): /)
  })
})
