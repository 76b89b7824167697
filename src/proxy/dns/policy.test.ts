import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FixtureOptions, type FixtureService, fixtureConfig } from '#test/service-fixture.ts'
import { compileDnsPolicy } from './policy.ts'

const RANGE = { address: '91.198.174.192', prefixLength: 27 }
const none = (host: string, cidrs: FixtureService['cidrs'] = []): FixtureService => ({
  host,
  port: 443,
  type: 'ORIGINAL_DST',
  cidrs,
})

function verdict(options: FixtureOptions, name: string): string {
  return compileDnsPolicy(fixtureConfig(options)).verdictOf(name).kind
}

describe('the DNS policy', () => {
  it('knows the names of the configuration, exactly or by the longest wildcard', () => {
    const names = {
      'api.example.com': ['240.240.0.1'],
      '*.example.com': ['240.240.0.2'],
      '*.eu.example.com': ['240.240.0.3'],
    }
    const policy = compileDnsPolicy(fixtureConfig({ names }))
    const ipOf = (name: string) => {
      const found = policy.verdictOf(name)
      return found.kind === 'known' ? found.record.ips[0] : found.kind
    }
    assert.equal(ipOf('api.example.com'), '240.240.0.1')
    assert.equal(ipOf('x.y.example.com'), '240.240.0.2')
    assert.equal(ipOf('a.eu.example.com'), '240.240.0.3')
    assert.equal(ipOf('example.com'), 'synthetic')
  })

  it('asks a resolver for hosts whose own address is dialled, and for what is below a wildcard', () => {
    const services = [none('wikipedia.org', [RANGE]), none('*.example.com')]
    assert.equal(verdict({ services }, 'wikipedia.org'), 'ask')
    assert.equal(verdict({ services: [none('example.net')] }, 'example.net'), 'ask')
    assert.equal(verdict({ services: [none('example.net')] }, 'secret-in-a-label.example.net'), 'synthetic')
    assert.equal(verdict({ services }, 'a.b.example.com'), 'ask')
    assert.equal(verdict({ services }, 'example.com'), 'synthetic')
    assert.equal(verdict({ services }, 'notwikipedia.org'), 'synthetic')
  })

  it('asks for names below a host whose address blocks an entry lists: these decide, and the host is their name', () => {
    const services = [none('wikipedia.org', [RANGE])]
    assert.equal(verdict({ services }, 'www.wikipedia.org'), 'ask_within')
    assert.equal(verdict({ services }, 'wikipedia.org.example'), 'synthetic')
  })

  it('asks nobody about any other name', () => {
    const services = [{ host: 'api.example.com', port: 443 }, none('raw.example.com')]
    for (const name of [
      'secret.attacker.example',
      'x.api.example.com',
      'x.raw.example.com',
      'example.com',
      'a.example.org',
    ]) {
      assert.equal(verdict({ services }, name), 'synthetic', name)
    }
  })

  it('prefers the more specific of a known wildcard and a host to be asked for', () => {
    const options = { services: [none('raw.example.com')], names: { '*.example.com': ['240.240.0.2'] } }
    assert.equal(verdict(options, 'raw.example.com'), 'ask')
    assert.equal(verdict(options, 'www.example.com'), 'known')
  })

  it('asks for any name where a made-up host allows prefixes, but only within these', () => {
    const services = [none('egress.default.svc.cluster.local', [RANGE])]
    const found = compileDnsPolicy(fixtureConfig({ services })).verdictOf('www.wikipedia.org')
    assert.equal(found.kind, 'ask_within')
    assert.ok(found.kind === 'ask_within')
    assert.equal(found.prefixes.longest('91.198.174.200'), true)
    assert.equal(found.prefixes.longest('91.198.174.1'), undefined)
  })

  it('asks for everything under ALLOW_ANY', () => {
    assert.equal(verdict({ allowAny: true }, 'anything.example'), 'ask')
    assert.equal(verdict({ allowAny: true, names: { 'db.example': ['240.240.0.1'] } }, 'db.example'), 'known')
  })

  it('keeps names of this machine to itself', () => {
    assert.equal(verdict({}, 'localhost'), 'localhost')
    assert.equal(verdict({}, 'printer.local'), 'nowhere')
    assert.equal(verdict({}, 'intranet'), 'nowhere')
    assert.equal(verdict({}, ''), 'nowhere')
    assert.equal(verdict({ allowAny: true }, 'localhost'), 'localhost')
  })
})
