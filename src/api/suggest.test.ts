import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { parseManifests } from '#kube/manifest.ts'
import { checkManifestFile } from './document.ts'
import { type Destination, suggestServiceEntries, suggestServiceEntry } from './suggest.ts'

interface Written {
  metadata: { name: string; namespace?: string }
  spec: {
    hosts: string[]
    addresses?: string[]
    ports: { number: number; name: string; protocol: string }[]
    resolution: string
  }
}

function written(destination: Destination): Written {
  const suggestion = suggestServiceEntry(destination)
  assert.ok(suggestion.kind === 'yaml', JSON.stringify(suggestion))
  return parse(suggestion.yaml) as Written
}

function summary(destination: Destination): string {
  const { spec } = written(destination)
  return [
    spec.hosts.join(),
    spec.addresses?.join() ?? '-',
    spec.ports.map((port) => `${port.number} ${port.protocol}`).join(),
    spec.resolution,
  ].join(' | ')
}

test('a host is allowed by what its port usually carries', () => {
  assert.equal(summary({ host: 'www.wikipedia.org', port: 443 }), 'www.wikipedia.org | - | 443 TLS | DNS')
  assert.equal(summary({ host: 'www.wikipedia.org', port: 80 }), 'www.wikipedia.org | - | 80 HTTP | DNS')
  assert.equal(summary({ host: 'db.example.com', port: 3306 }), 'db.example.com | - | 3306 MYSQL | DNS')
  assert.equal(summary({ host: 'db.example.com', port: 27017 }), 'db.example.com | - | 27017 MONGO | DNS')
  assert.equal(summary({ host: 'db.example.com', port: 5432 }), 'db.example.com | - | 5432 TCP | DNS')
  assert.equal(summary({ host: '*.example.com', port: 443 }), '*.example.com | - | 443 TLS | NONE')
})

test('what was seen on the wire goes before what is usual', () => {
  assert.equal(summary({ host: 'a.com', port: 443, protocol: 'http' }), 'a.com | - | 443 HTTP | DNS')
  assert.equal(summary({ host: 'a.com', port: 9000, protocol: 'tls' }), 'a.com | - | 9000 TLS | DNS')
  assert.equal(summary({ host: 'a.com', port: 443, protocol: 'tcp' }), 'a.com | - | 443 TCP | DNS')
  assert.equal(summary({ host: 'a.com', port: 3306, protocol: 'tcp' }), 'a.com | - | 3306 MYSQL | DNS')
})

test('an address or a block is opaque TCP to just there', () => {
  assert.equal(summary({ ip: '10.1.2.3', port: 443 }), 'ip-10-1-2-3.internal | 10.1.2.3 | 443 TCP | NONE')
  assert.equal(summary({ ip: '10.0.0.0/8', port: 3306 }), 'ip-10-0-0-0-8.internal | 10.0.0.0/8 | 3306 TCP | NONE')
  assert.equal(summary({ ip: '2001:db8::1', port: 22 }), 'ip-2001-db8-1.internal | 2001:db8::1 | 22 TCP | NONE')
  assert.equal(
    summary({ host: '10.1.2.3', ip: '10.1.2.3', port: 80, protocol: 'http' }),
    'ip-10-1-2-3.internal | 10.1.2.3 | 80 HTTP | NONE',
  )
  assert.equal(
    summary({ host: 'no_domain!', ip: '10.1.2.3', port: 80 }),
    'ip-10-1-2-3.internal | 10.1.2.3 | 80 TCP | NONE',
  )
})

test('what a service entry cannot allow, or only together with everything else, gets none', () => {
  const why = (destination: Destination) => {
    const suggestion = suggestServiceEntry(destination)
    return suggestion.kind === 'none' ? suggestion.why : suggestion.yaml
  }
  assert.match(why({ host: 'a.com', port: 53, protocol: 'udp' }), /UDP other than DNS is not carried/)
  assert.match(why({ host: '*.a.com', port: 3306 }), /would open that port of every address/)
  assert.match(why({ host: '*.a.com', port: 443, protocol: 'tcp' }), /would open that port of every address/)
  assert.match(why({ host: '*', port: 443 }), /neither a domain name nor an address/)
  assert.match(why({ host: 'a_b', port: 443 }), /neither a domain name nor an address/)
  assert.match(why({ host: 'a.com', port: 0 }), /port 0 is not in the range/)
  assert.match(why({ host: 'a.com', port: 80, protocol: 'gopher' }), /unsupported protocol: gopher/)
})

test('ports of one host are one entry, hosts are one each, and names are numbered', () => {
  const suggestion = suggestServiceEntries(
    [
      { host: 'a.com', port: 443 },
      { host: 'b.com', port: 443 },
      { host: 'A.com.', port: 80 },
      { host: 'a.com', port: 443 },
    ],
    { name: 'web', namespace: 'ns' },
  )
  assert.ok(suggestion.kind === 'yaml')
  const { documents, messages } = checkManifestFile(parseManifests('f', suggestion.yaml))
  assert.deepEqual(messages, [])
  assert.deepEqual(
    documents.map(({ object }) => ('metadata' in object ? [object.metadata.name, object.metadata.namespace] : [])),
    [
      ['web-1', 'ns'],
      ['web-2', 'ns'],
    ],
  )
})

test('every suggestion is valid without a warning, and the port it allows is the one that was asked for', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
  const host = fc.oneof(
    fc.domain(),
    fc.string(),
    fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.')),
    fc.domain().map((name) => `*.${name}`),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('yes', 'on.', '1', 'a-.b', 'xn--a.com', '1e3', `${'a'.repeat(63)}.${'b'.repeat(63)}.com`),
  )
  const ip = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((address) => `${address}/24`),
    fc.string(),
  )
  const protocol = fc.constantFrom(
    undefined,
    'tcp',
    'tls',
    'http',
    'mysql',
    'mongo',
    'HTTP2',
    'grpc-web',
    'http_proxy',
    'redis',
  )
  fc.assert(
    fc.property(
      fc.option(host, { nil: undefined }),
      fc.option(ip, { nil: undefined }),
      fc.integer({ min: 1, max: 65535 }),
      protocol,
      (name, address, port, asked) => {
        const suggestion = suggestServiceEntry({ host: name, ip: address, port, protocol: asked })
        if (suggestion.kind === 'none') return
        const { documents, messages } = checkManifestFile(parseManifests('f', suggestion.yaml))
        assert.deepEqual(messages, [])
        assert.equal(documents.length, 1)
        assert.ok(documents[0]?.kind === 'ServiceEntry')
        assert.deepEqual(
          documents[0].object.spec.ports.map((one) => one.number),
          [port],
        )
      },
    ),
    { numRuns: 1000 },
  )
})
