import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { WhyAnswer, WhyQuestion } from '#cli/why.ts'
import { explainCall } from './explain-call.ts'

/** Where calls go, said from the text of spec 3.4-3.7 and 3.10, not from what our code does. */

type Call = Pick<WhyQuestion, 'destination' | 'port'> & Partial<WhyQuestion>
type Policy = 'REGISTRY_ONLY' | 'ALLOW_ANY'

/** What the spec says of a call. */
type Place =
  /** The cluster of the service, whatever the protocol: no proxy answer in between. */
  | { readonly kind: 'cluster'; readonly cluster: string; readonly virtualHost?: string }
  /** Nothing names it: BlackHoleCluster or PassthroughCluster, as bytes. */
  | { readonly kind: 'unknown bytes' }
  /** Nothing names its host, and a port with HTTP routes says so: block_all or allow_any. */
  | { readonly kind: 'unknown host' }

const UNKNOWN_BYTES: Place = { kind: 'unknown bytes' }
const UNKNOWN_HOST: Place = { kind: 'unknown host' }

function expected(place: Place, policy: Policy): Partial<WhyAnswer> {
  const open = policy === 'ALLOW_ANY'
  switch (place.kind) {
    case 'cluster':
      return { verdict: 'allow', cluster: place.cluster, virtualHost: place.virtualHost ?? null, status: null }
    case 'unknown bytes':
      return open
        ? { verdict: 'allow', cluster: 'PassthroughCluster', virtualHost: null, status: null }
        : { verdict: 'deny', cluster: 'BlackHoleCluster', virtualHost: null, status: null }
    case 'unknown host':
      return open
        ? { verdict: 'allow', cluster: 'PassthroughCluster', virtualHost: 'allow_any', status: null }
        : { verdict: 'deny', cluster: null, virtualHost: 'block_all', status: 502 }
  }
}

function write(t: TestContext, ...texts: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-why-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'sub'))
  for (const [index, text] of texts.entries())
    writeFileSync(join(directory, index % 2 === 0 ? '' : 'sub', `${index}.yaml`), text)
  return directory
}

async function ask(file: string, call: Call, policy: Policy): Promise<Partial<WhyAnswer>> {
  const { verdict, cluster, virtualHost, status } = await explainCall({
    files: [file],
    host: undefined,
    sni: undefined,
    protocol: undefined,
    policy,
    namespace: 'default',
    ...call,
  })
  return { verdict, cluster, virtualHost, status }
}

function serviceEntry(name: string, spec: string, labels = ''): string {
  return `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: ${name}, labels: {${labels}}}\nspec: {${spec}}\n`
}

const PORTS = [
  [80, 'HTTP', 'http'],
  [81, '', 'auto'],
  [82, 'TCP', 'tcp'],
  [83, 'TLS', 'tls'],
  [84, 'HTTPS', 'tls'],
  [85, 'GRPC', 'http'],
  [86, 'HTTP2', 'http'],
  [87, 'GRPC-Web', 'http'],
  [88, 'HTTP_PROXY', 'http'],
  [89, 'MySQL', 'tcp'],
  [90, 'Mongo', 'tcp'],
  [91, 'redis', 'tcp'],
] as const
const PORT_LIST = PORTS.map(([number, protocol]) => `{number: ${number}, name: p${number}, protocol: "${protocol}"}`)
const VIP = '203.0.113.7'
const ELSEWHERE = '198.51.100.9'

/** What an application says first, to the service's own name or to another one. */
const CALLS = [
  { speaks: 'http', host: 'foo.example' },
  { speaks: 'http', host: 'istio.example' },
  { speaks: 'http', host: 'istio.example:99' },
  { speaks: 'http', host: VIP },
  { speaks: 'tls', sni: '' },
  { speaks: 'tls', sni: 'foo.example' },
  { speaks: 'tls', sni: 'istio.example' },
  { speaks: 'tcp' },
] as const
type Said = (typeof CALLS)[number]

/** Spec 3.4: HTTP ports listen everywhere, the others at the address alone, where SNI and Host do not matter. */
function withAddress(kind: 'http' | 'auto' | 'tcp' | 'tls', port: number, said: Said, atAddress: boolean): Place {
  const cluster = `outbound|${port}||istio.example`
  const named = 'host' in said && said.host !== 'foo.example'
  if (kind === 'http') {
    if (said.speaks !== 'http') return UNKNOWN_BYTES
    return named ? { kind: 'cluster', cluster, virtualHost: `istio.example:${port}` } : UNKNOWN_HOST
  }
  if (!atAddress) return UNKNOWN_BYTES
  // A detected port at an address has one virtual host for any Host header.
  if (kind === 'auto' && said.speaks === 'http')
    return { kind: 'cluster', cluster, virtualHost: `istio.example:${port}` }
  return { kind: 'cluster', cluster }
}

/** Spec 3.10: TCP swallows the port, TLS is told by SNI, HTTP by its host. */
function withoutAddress(kind: 'http' | 'auto' | 'tcp' | 'tls', port: number, said: Said): Place {
  const cluster = `outbound|${port}||istio.example`
  const named = 'host' in said && said.host.startsWith('istio.example')
  switch (kind) {
    case 'http':
    case 'auto':
      if (said.speaks !== 'http') return kind === 'auto' ? { kind: 'cluster', cluster } : UNKNOWN_BYTES
      return named ? { kind: 'cluster', cluster, virtualHost: `istio.example:${port}` } : UNKNOWN_HOST
    case 'tcp':
      return { kind: 'cluster', cluster }
    case 'tls':
      return 'sni' in said && said.sni === 'istio.example' ? { kind: 'cluster', cluster } : UNKNOWN_BYTES
  }
}

for (const policy of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
  test(`${policy}: a service entry with an address, every protocol and kind of call`, async (t) => {
    const file = write(
      t,
      serviceEntry('se', `hosts: [istio.example], addresses: [${VIP}], ports: [${PORT_LIST}], resolution: DNS`),
    )
    for (const [port, protocol, kind] of PORTS)
      for (const said of CALLS)
        for (const destination of [VIP, ELSEWHERE]) {
          const { speaks, ...names } = said
          const place = withAddress(kind, port, said, destination === VIP)
          const answer = await ask(file, { destination, port, protocol: speaks, ...names }, policy)
          assert.deepEqual(
            answer,
            expected(place, policy),
            `${protocol} ${port} ${destination} ${JSON.stringify(said)}`,
          )
        }
  })

  test(`${policy}: a service entry without any address, every protocol and kind of call`, async (t) => {
    const noAddress = [
      serviceEntry('se', `hosts: [istio.example], ports: [${PORT_LIST}], resolution: NONE`),
      serviceEntry(
        'se',
        `hosts: [istio.example], ports: [${PORT_LIST}], resolution: DNS`,
        'networking.istio.io/enable-autoallocate-ip: "false"',
      ),
    ]
    for (const text of noAddress) {
      const file = write(t, text)
      for (const [port, protocol, kind] of PORTS)
        for (const said of CALLS) {
          const { speaks, ...names } = said
          const place = withoutAddress(kind, port, said)
          const answer = await ask(file, { destination: ELSEWHERE, port, protocol: speaks, ...names }, policy)
          assert.deepEqual(answer, expected(place, policy), `${protocol} ${port} ${JSON.stringify(said)}`)
        }
    }
  })

  test(`${policy}: a port that no listener has, and the sidecar's own`, async (t) => {
    const file = write(t, serviceEntry('se', `hosts: [istio.example], ports: [${PORT_LIST}], resolution: NONE`))
    for (const { speaks, ...names } of CALLS) {
      const answer = await ask(file, { destination: ELSEWHERE, port: 8123, protocol: speaks, ...names }, policy)
      assert.deepEqual(answer, expected(UNKNOWN_BYTES, policy))
    }
    // The loop guard holds under every policy.
    const guarded = await ask(file, { destination: ELSEWHERE, port: 15_001, protocol: 'tcp' }, policy)
    assert.deepEqual(guarded, expected(UNKNOWN_BYTES, 'REGISTRY_ONLY'))
  })
}

const RANGES = [
  serviceEntry(
    'wide',
    'hosts: [wide.example], addresses: [10.0.0.0/8, "2001:db8::/32"], ports: [{number: 3306, name: tcp, protocol: TCP}]',
  ),
  serviceEntry(
    'narrow',
    'hosts: [narrow.example], addresses: [10.1.0.0/16, "2001:db8:1::/48"], ports: [{number: 3306, name: tcp, protocol: TCP}]',
  ),
  serviceEntry(
    'single',
    'hosts: [single.example], addresses: [10.1.2.3/32, "2001:db8:1::5"], ports: [{number: 3306, name: tcp, protocol: TCP}]',
  ),
]

test('of overlapping blocks the longest wins, in both families, in whatever files they are', async (t) => {
  const file = write(t, ...RANGES)
  for (const [destination, host] of [
    ['10.9.9.9', 'wide'],
    ['10.1.9.9', 'narrow'],
    ['10.1.2.3', 'single'],
    ['2001:db8:9::1', 'wide'],
    ['2001:DB8:1::6', 'narrow'],
    ['2001:db8:1:0::5', 'single'],
  ] as const)
    assert.deepEqual(
      await ask(file, { destination, port: 3306, protocol: 'tcp' }, 'REGISTRY_ONLY'),
      expected({ kind: 'cluster', cluster: `outbound|3306||${host}.example` }, 'REGISTRY_ONLY'),
      destination,
    )
  for (const destination of ['11.0.0.1', '2001:db9::1'])
    assert.deepEqual(
      await ask(file, { destination, port: 3306, protocol: 'tcp' }, 'REGISTRY_ONLY'),
      expected(UNKNOWN_BYTES, 'REGISTRY_ONLY'),
      destination,
    )
})

test('wildcards match names below them, not their own tail; the most specific name wins', async (t) => {
  const ports = 'ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]'
  const file = write(
    t,
    serviceEntry('any', `hosts: ["*.a.example"], ${ports}`),
    serviceEntry('one', `hosts: [x.a.example], ${ports}`),
    serviceEntry('deep', `hosts: ["*.b.a.example"], ${ports}`),
  )
  for (const [name, host] of [
    ['y.a.example', '*.a.example'],
    ['y.z.a.example', '*.a.example'],
    ['x.a.example', 'x.a.example'],
    ['X.A.Example', 'x.a.example'],
    ['q.b.a.example', '*.b.a.example'],
    ['a.example', undefined],
    ['ya.example', undefined],
  ] as const) {
    const tls = await ask(file, { destination: ELSEWHERE, port: 443, protocol: 'tls', sni: name }, 'REGISTRY_ONLY')
    const http = await ask(file, { destination: ELSEWHERE, port: 80, protocol: 'http', host: name }, 'REGISTRY_ONLY')
    const cluster = (port: number) => `outbound|${port}||${host}`
    assert.deepEqual(
      tls,
      expected(host ? { kind: 'cluster', cluster: cluster(443) } : UNKNOWN_BYTES, 'REGISTRY_ONLY'),
      name,
    )
    const place: Place = host ? { kind: 'cluster', cluster: cluster(80), virtualHost: `${host}:80` } : UNKNOWN_HOST
    assert.deepEqual(http, expected(place, 'REGISTRY_ONLY'), name)
  }
})

test('a TLS block asks for the server name as well (spec 3.6), a TLS address does not', async (t) => {
  const port = 'ports: [{number: 443, name: tls, protocol: HTTPS}]'
  const file = write(
    t,
    serviceEntry('block', `hosts: [block.example], addresses: [10.0.0.0/8], ${port}`),
    serviceEntry('address', `hosts: [address.example], addresses: [192.168.7.7], ${port}`),
  )
  const tls = (destination: string, sni: string) =>
    ask(file, { destination, port: 443, protocol: 'tls', sni }, 'REGISTRY_ONLY')
  const reaches = (host: string) => expected({ kind: 'cluster', cluster: `outbound|443||${host}` }, 'REGISTRY_ONLY')
  const denied = expected(UNKNOWN_BYTES, 'REGISTRY_ONLY')
  assert.deepEqual(await tls('10.1.1.1', 'block.example'), reaches('block.example'))
  assert.deepEqual(await tls('10.1.1.1', 'other.example'), denied)
  assert.deepEqual(await tls('10.1.1.1', ''), denied)
  assert.deepEqual(await tls('11.1.1.1', 'block.example'), denied)
  assert.deepEqual(await tls('192.168.7.7', 'other.example'), reaches('address.example'))
})

test('automatic addresses keep two databases on one port apart, and nothing else reaches them', async (t) => {
  const database = (name: string) =>
    serviceEntry(name, `hosts: [${name}.example], ports: [{number: 3306, name: tcp, protocol: TCP}], resolution: DNS`)
  const file = write(t, database('a'), database('b'))
  for (const name of ['a', 'b'])
    assert.deepEqual(
      await ask(file, { destination: `${name}.example`, port: 3306, protocol: 'tcp' }, 'REGISTRY_ONLY'),
      expected({ kind: 'cluster', cluster: `outbound|3306||${name}.example` }, 'REGISTRY_ONLY'),
    )
  assert.deepEqual(
    await ask(file, { destination: ELSEWHERE, port: 3306, protocol: 'tcp' }, 'REGISTRY_ONLY'),
    expected(UNKNOWN_BYTES, 'REGISTRY_ONLY'),
  )
})

test('a service without endpoints is denied: 503 where HTTP can say so', async (t) => {
  const file = write(
    t,
    serviceEntry(
      'none',
      'hosts: [none.example], addresses: [10.0.0.1], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 82, name: tcp, protocol: TCP}]',
    ),
    serviceEntry(
      'lost',
      'hosts: [lost.example], addresses: [10.0.0.2], resolution: DNS, workloadSelector: {labels: {a: b}}, ports: [{number: 80, name: http, protocol: HTTP}]',
    ),
  )
  const http = (host: string) =>
    ask(file, { destination: '10.0.0.1', port: 80, protocol: 'http', host }, 'REGISTRY_ONLY')
  for (const name of ['none', 'lost'])
    assert.deepEqual(await http(`${name}.example`), {
      verdict: 'deny',
      cluster: `outbound|80||${name}.example`,
      virtualHost: `${name}.example:80`,
      status: 503,
    })
  assert.deepEqual(await ask(file, { destination: '10.0.0.1', port: 82, protocol: 'tcp' }, 'REGISTRY_ONLY'), {
    verdict: 'deny',
    cluster: 'outbound|82||none.example',
    virtualHost: null,
    status: null,
  })
})

test('of two address-less TCP services on one port the older one has all of it (spec 3.5, 10.1)', async (t) => {
  const anywhere = (name: string, created: string) =>
    serviceEntry(name, `hosts: [${name}.example], ports: [{number: 9000, name: tcp, protocol: TCP}]`).replace(
      'labels: {}',
      `creationTimestamp: "${created}"`,
    )
  const file = write(t, anywhere('young', '2024-01-02T00:00:00Z'), anywhere('old', '2024-01-01T00:00:00Z'))
  assert.deepEqual(
    await ask(file, { destination: ELSEWHERE, port: 9000, protocol: 'tcp' }, 'REGISTRY_ONLY'),
    expected({ kind: 'cluster', cluster: 'outbound|9000||old.example' }, 'REGISTRY_ONLY'),
  )
})

test('IPv6 literals are hosts as well, and a request without a host is meant for where it was dialled', async (t) => {
  const file = write(
    t,
    serviceEntry(
      'six',
      'hosts: [six.example], addresses: ["2001:db8::7"], ports: [{number: 80, name: http, protocol: HTTP}]',
    ),
  )
  const place: Place = { kind: 'cluster', cluster: 'outbound|80||six.example', virtualHost: 'six.example:80' }
  for (const host of ['[2001:db8::7]', '[2001:DB8::7]:80', undefined])
    assert.deepEqual(
      await ask(file, { destination: '2001:db8::7', port: 80, protocol: 'http', host }, 'REGISTRY_ONLY'),
      expected(place, 'REGISTRY_ONLY'),
      host,
    )
})

test('an address that the application dials by itself is allowed only as an answer of DNS, and that is said', async (t) => {
  const file = write(
    t,
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild}
spec: {hosts: ["*.example.com"], ports: [{number: 443, name: tls, protocol: TLS}], resolution: NONE}
`,
  )
  const explain = async (call: Call): Promise<readonly string[]> => {
    const question = { files: [file], host: undefined, sni: undefined, protocol: undefined, policy: undefined }
    const { verdict, explanation } = await explainCall({ ...question, namespace: 'default', ...call })
    return [verdict, ...explanation]
  }
  assert.deepEqual(await explain({ destination: '203.0.113.66', port: 443, sni: 'www.example.com' }), [
    'allow',
    'only after the application was answered this address for *.example.com; address_mismatch otherwise',
  ])
  assert.deepEqual(await explain({ destination: 'www.example.com', port: 443, host: 'www.example.com' }), ['allow'])
})

test('another name on the port of a host whose address the application finds is denied, as the run denies it', async (t) => {
  const specs = [
    'hosts: [db.example.com], ports: [{number: 5432, name: tcp, protocol: TCP}], resolution: NONE',
    'hosts: [block.example.com], addresses: [10.0.0.0/8], ports: [{number: 5433, name: tcp, protocol: TCP}]',
    'hosts: [found.example.com], ports: [{number: 5433, name: tcp, protocol: HTTP}], resolution: NONE',
  ]
  const file = write(t, specs.map((spec, i) => serviceEntry(`e${i}`, spec)).join('---\n'))
  const ask = async (destination: string, port: number) => {
    const question = { files: [file], host: undefined, sni: undefined, protocol: undefined, policy: undefined }
    return await explainCall({ ...question, namespace: 'default', destination, port })
  }
  assert.equal((await ask('db.example.com', 5432)).verdict, 'allow')
  const { verdict, reason, explanation } = await ask('other.example.com', 5432)
  assert.deepEqual([verdict, reason], ['deny', 'address_mismatch'])
  assert.match(explanation.join(), /^no ServiceEntry names this host; nearest: /)
  // It may be answered an address of the block.
  await assert.rejects(ask('found.example.com', 5433), { code: 'why/unknown-address' })
})

test('an address of this machine is said to be one, whatever is allowed', async (t) => {
  const question = { files: [write(t, '')], host: undefined, sni: undefined, protocol: undefined, namespace: 'default' }
  const call = { destination: '169.254.169.254', port: 80, policy: 'ALLOW_ANY' as const }
  const { verdict, reason, explanation } = await explainCall({ ...question, ...call })
  assert.deepEqual([verdict, reason], ['deny', 'local_address'])
  assert.match(explanation.join(), /^an address of this machine, its link or its cloud is not reached/)
})

test('a call that an egress rule nearly allows names the rule', async (t) => {
  const rule =
    'apiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: er}\nspec: {destination: {service: www.example.com}, ports: [{port: 80, protocol: http}]}\n'
  const question = { files: [write(t, rule)], policy: undefined, namespace: 'default', protocol: undefined }
  const call = { destination: '192.0.2.1', port: 443, host: undefined, sni: 'www.example.com' }
  const { explanation } = await explainCall({ ...question, ...call })
  assert.match(String(explanation), /nearest: EgressRule default\/er allows port 80 of www\.example\.com only$/)
})
