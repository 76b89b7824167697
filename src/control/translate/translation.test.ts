import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_MESH_CONFIG } from '#api/mesh-config.ts'
import type { ServiceEntry, ServiceEntrySpec } from '#api/service-entry.ts'
import { buildMesh, MeshBuilder } from '#control/mesh/mesh.ts'
import { dumpResources, type ResourceDump } from './dump.ts'
import type { ProxyNode } from './proxy-node.ts'
import { translate } from './translation.ts'
import { TranslationMemory } from './translation-memory.ts'

const HOSTS = ['a.example.com', 'b.example.com', '*.example.com', 'db.default.svc.cluster.local', 'c.example.com.']
const ADDRESSES = [
  '192.0.2.1',
  '192.0.2.1/32',
  '198.51.100.0/24',
  '198.51.100.9/24',
  '2001:db8::1',
  '2001:db8::/32',
  '0.0.0.0/0',
]
const PROTOCOLS = ['TCP', 'tls', 'HTTPS', 'HTTP', 'http2', 'GRPC', 'grpc-web', 'MONGO', 'MYSQL', 'REDIS', 'UDP', '']
const RESOLUTIONS = ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN'] as const

const port = fc.record({
  number: fc.constantFrom(80, 443, 3306, 15001),
  protocol: fc.constantFrom(...PROTOCOLS),
  name: fc.constantFrom('p', 'q'),
  targetPort: fc.constantFrom(0, 8443),
})

const endpoint = fc.record({
  address: fc.constantFrom('203.0.113.1', '203.0.113.2', 'elsewhere.example.com', 'unix:///run/app.sock'),
  ports: fc.constantFrom({}, { p: 9000 }),
  labels: fc.constant({}),
  nameTableShards: fc.boolean(),
  network: fc.constant(''),
  locality: fc.constantFrom('', 'eu/a', 'us'),
  weight: fc.nat(3),
  serviceAccount: fc.constant(''),
})

const spec: fc.Arbitrary<ServiceEntrySpec> = fc.record({
  hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 3 }),
  addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 3 }),
  ports: fc.uniqueArray(port, { selector: ({ number }) => number, maxLength: 3 }),
  location: fc.constantFrom('MESH_EXTERNAL', 'MESH_INTERNAL'),
  resolution: fc.constantFrom(...RESOLUTIONS),
  endpoints: fc.array(endpoint, { maxLength: 3 }),
  workloadSelector: fc.constantFrom(undefined, undefined, { labels: { app: 'x' } }),
  exportTo: fc.constantFrom([], [], ['.'], ['other'], ['~']),
  subjectAltNames: fc.constant([]),
})

const entries: fc.Arbitrary<readonly ServiceEntry[]> = fc
  .array(fc.tuple(spec, fc.constantFrom('default', 'other')), { maxLength: 6 })
  .map((list) =>
    list.map(([written, namespace], index) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: `entry-${index}`, namespace },
      spec: written,
    })),
  )

const node: fc.Arbitrary<ProxyNode> = fc.record({
  namespace: fc.constantFrom('default', 'other'),
  labels: fc.constant({}),
  dnsDomain: fc.constant('default.svc.cluster.local'),
  ipFamilies: fc.constantFrom('v4', 'v6', 'dual'),
  dnsCapture: fc.boolean(),
  nameTableShards: fc.boolean(),
})

function translated(serviceEntries: readonly ServiceEntry[], proxy: ProxyNode) {
  const translation = translate(buildMesh({ meshConfig: DEFAULT_MESH_CONFIG, serviceEntries, sidecars: [] }), proxy)
  return { dump: dumpResources(translation), rejections: translation.rejections }
}

/** Every string under a key, anywhere in a resource. */
function valuesOf(resource: unknown, key: string): readonly string[] {
  if (typeof resource !== 'object' || resource === null) return []
  return Object.entries(resource).flatMap(([name, value]) =>
    name === key && typeof value === 'string' ? [value] : valuesOf(value, key),
  )
}

function assertNoDuplicates(values: readonly string[], what: string): void {
  assert.equal(new Set(values).size, values.length, `${what}: ${values.join(' ')}`)
}

test('whatever service entries there are, a proxy would accept what is sent', () => {
  fc.assert(
    fc.property(entries, node, (list, proxy) => {
      const { dump } = translated(list, proxy)
      const { clusters, listeners, routes, endpoints } = dump as unknown as Record<
        keyof ResourceDump,
        { name: string }[]
      >
      for (const kind of [clusters, listeners, routes])
        assertNoDuplicates(
          kind.map(({ name }) => name),
          'names',
        )
      assertNoDuplicates(valuesOf(endpoints, 'clusterName'), 'endpoints')
      for (const listener of listeners as { name: string; filterChains: { filterChainMatch?: unknown }[] }[]) {
        const matches = listener.filterChains.map(({ filterChainMatch }) => JSON.stringify(filterChainMatch ?? null))
        assertNoDuplicates(matches, `filter chains of ${listener.name}`)
      }
      for (const route of routes as { name: string; virtualHosts?: { domains: string[] }[] }[])
        assertNoDuplicates(
          route.virtualHosts?.flatMap(({ domains }) => domains) ?? [],
          `domains of route ${route.name}`,
        )
      const named = new Set(routes.map(({ name }) => name))
      assert.deepEqual([...new Set(valuesOf(listeners, 'routeConfigName'))].sort(), [...named].sort())
    }),
    { numRuns: 500 },
  )
})

test('what leads to a cluster that is not sent has been rejected', () => {
  fc.assert(
    fc.property(entries, node, (list, proxy) => {
      const { dump, rejections } = translated(list, proxy)
      const sent = new Set((dump.clusters as unknown as { name: string }[]).map(({ name }) => name))
      const wanted = [...valuesOf(dump.listeners, 'cluster'), ...valuesOf(dump.routes, 'cluster')]
      for (const cluster of wanted.filter((name) => !sent.has(name))) {
        const host = cluster.split('|')[3]
        assert.ok(
          rejections.some(({ message }) => message.includes(`"${host}"`)),
          `${cluster} is missing`,
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('the order in which objects are read does not matter', () => {
  fc.assert(
    fc.property(entries, node, (list, proxy) => {
      assert.deepEqual(translated([...list].reverse(), proxy), translated(list, proxy))
    }),
    { numRuns: 500 },
  )
})

test('a translation takes over the parts of the one before in which nothing changed', () => {
  const tls = (name: string): ServiceEntry => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: {
      hosts: [`${name}.example.com`],
      addresses: [],
      ports: [{ number: 443, protocol: 'TLS', name: 'tls', targetPort: 0 }],
      location: 'MESH_EXTERNAL',
      resolution: 'DNS',
      endpoints: [],
      workloadSelector: undefined,
      exportTo: [],
      subjectAltNames: [],
    },
  })
  const proxy: ProxyNode = {
    namespace: 'default',
    labels: {},
    dnsDomain: 'default.svc.cluster.local',
    ipFamilies: 'v4',
    dnsCapture: true,
    nameTableShards: true,
  }
  const serviceEntries = Array.from({ length: 300 }, (_, index) => tls(`host-${index}`))
  const [builder, memory] = [new MeshBuilder(), new TranslationMemory()]
  const input = { meshConfig: DEFAULT_MESH_CONFIG, serviceEntries, sidecars: [] }
  const before = translate(builder.build(input), proxy, memory)
  const mesh = builder.build({ ...input, serviceEntries: [...serviceEntries, tls('more')] })
  const after = translate(mesh, proxy, memory, before)
  const changed = after.parts.filter((part, index) => part !== before.parts[index])
  assert.deepEqual(
    changed.map(({ clusters }) => clusters.some(({ name }) => name === 'outbound|443||more.example.com')),
    [true],
  )
})
