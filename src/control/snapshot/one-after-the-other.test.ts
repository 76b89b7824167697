import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_MESH_CONFIG, type MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { ServiceEntry, ServiceEntrySpec } from '#api/service-entry.ts'
import type { Rejection } from '#control/mesh/rejection.ts'
import { VirtualIpAllocation, virtualIpName } from '#control/mesh/virtual-ips.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'
import type { NodeIdentity, ResourceSet } from '#xds/resource-set.ts'
import { TYPE_URLS } from '#xds/type-url.ts'
import { createSnapshotSource, type SnapshotSource } from './snapshot-source.ts'

/** Hosts of which several want one virtual IP, or that beside it. */
const CROWDED = crowdedHosts()
const HOSTS = [...CROWDED, '*.example.com', '*-example.com', 'db.shop.svc.cluster.local', 'c.example.com.']
const ADDRESSES = [
  '192.0.2.1',
  '192.0.2.1/32',
  '198.51.100.0/24',
  '2001:db8::1',
  '0.0.0.0/0',
  ...CROWDED.map((host) => virtualIpsAlone(host).v4),
  ...CROWDED.map((host) => virtualIpsAlone(host).v6),
]
const NAMESPACES = ['default', 'shop', 'istio-system']

function crowdedHosts(): readonly string[] {
  const byHome = Map.groupBy(
    Array.from({ length: 3_000 }, (_, index) => `host-${index}.example.com`),
    (host) => virtualIpName(`default/${host}`).home,
  )
  const meet = [...byHome].filter(([home, hosts]) => hosts.length > 1 || byHome.has(home + 1))
  return meet.slice(0, 3).flatMap(([home, hosts]) => [...hosts, ...(byHome.get(home + 1) ?? [])].slice(0, 3))
}

function virtualIpsAlone(host: string) {
  const ips = new VirtualIpAllocation([]).give(virtualIpName(`default/${host}`))
  assert.ok(ips)
  return ips
}

const port = fc.record({
  number: fc.constantFrom(80, 443, 3306, 15001),
  protocol: fc.constantFrom('TCP', 'tls', 'HTTP', 'GRPC', 'MONGO', 'MYSQL', 'UDP', ''),
  name: fc.constantFrom('p', 'q'),
  targetPort: fc.constantFrom(0, 8443),
})

const spec: fc.Arbitrary<ServiceEntrySpec> = fc.record({
  hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 3 }),
  addresses: fc.oneof(fc.constant([]), fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 })),
  ports: fc.uniqueArray(port, { selector: ({ number }) => number, minLength: 1, maxLength: 2 }),
  location: fc.constantFrom('MESH_EXTERNAL', 'MESH_INTERNAL'),
  resolution: fc.constantFrom('NONE', 'STATIC', 'DNS', 'DNS', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
  endpoints: fc.constantFrom<ServiceEntrySpec['endpoints'][]>(
    [],
    [],
    [
      {
        address: '203.0.113.1',
        ports: {},
        labels: {},
        network: '',
        locality: '',
        weight: 1,
        serviceAccount: '',
      },
    ],
  ),
  workloadSelector: fc.constantFrom(undefined, undefined, undefined, { labels: { app: 'x' } }),
  exportTo: fc.constantFrom([], [], [], ['.'], ['shop'], ['~'], ['*']),
  subjectAltNames: fc.constant([]),
})

/** The first is named as an entry may be. */
const RULES = configFromYaml(
  ['entry-0', 'rule', 'other'].map((name, index) => rule(name, HOSTS[index] ?? '')).join(''),
).serviceEntries

function rule(name: string, service: string): string {
  return `---
apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata: {name: ${name}, namespace: default}
spec: {destination: {service: "${service}"}, ports: [{port: 443, protocol: https}, {port: 80, protocol: http}]}
`
}

const CONFIGS: readonly MeshConfig[] = [
  DEFAULT_MESH_CONFIG,
  { ...DEFAULT_MESH_CONFIG, defaultServiceExportTo: ['.'] },
  { ...DEFAULT_MESH_CONFIG, outboundTrafficPolicy: { mode: 'ALLOW_ANY' } },
]

const SIDECARS: readonly (readonly Sidecar[])[] = ['["./*"]', '["*/*", "~default/*.example.com"]']
  .map((hosts, index) => sidecar(index === 0 ? 'default' : 'istio-system', hosts))
  .map((yaml) => configFromYaml(yaml).sidecars)

function sidecar(namespace: string, hosts: string): string {
  return `kind: Sidecar
apiVersion: networking.istio.io/v1
metadata: {name: one, namespace: ${namespace}}
spec: {egress: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*/*"]}, {hosts: ${hosts}}]}
`
}

/** One thing that happens to a configuration. */
type Step = (input: ConfigInput) => ConfigInput

/** Creates an entry, or puts another in its place. */
const put: fc.Arbitrary<Step> = fc
  .record({
    spec,
    index: fc.nat(7),
    namespace: fc.constantFrom(...NAMESPACES),
    age: fc.constantFrom(undefined, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  })
  .map(({ spec, index, namespace, age }) => {
    const metadata = { name: `entry-${index}`, namespace, ...(age && { creationTimestamp: age }) }
    const entry: ServiceEntry = { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata, spec }
    return (input) => {
      const same = ({ metadata: other }: ServiceEntry) => other.name === metadata.name && other.namespace === namespace
      const at = input.serviceEntries.findIndex(same)
      const list = [...input.serviceEntries]
      if (at < 0) list.push(entry)
      else list[at] = entry
      return { ...input, serviceEntries: list }
    }
  })

const remove: fc.Arbitrary<Step> = fc.nat(20).map((index) => (input) => {
  return { ...input, serviceEntries: input.serviceEntries.filter((_, at) => at !== index % 9) }
})

const others: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(...CONFIGS).map((meshConfig) => (input: ConfigInput) => ({ ...input, meshConfig })),
  fc.constantFrom([], ...SIDECARS, SIDECARS.flat()).map((sidecars) => (input: ConfigInput) => ({ ...input, sidecars })),
  fc.subarray([...RULES]).map((rules) => (input: ConfigInput) => {
    const written = input.serviceEntries.filter((entry) => !RULES.includes(entry))
    return { ...input, serviceEntries: [...written, ...rules] }
  }),
  fc.constant((input: ConfigInput) => ({ ...input, serviceEntries: input.serviceEntries.toReversed() })),
)

/** Several at a time, as changes are that arrive together. */
const steps = fc.array(
  fc.array(
    fc.oneof({ arbitrary: put, weight: 6 }, { arbitrary: remove, weight: 2 }, { arbitrary: others, weight: 1 }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 12 },
)

function node(namespace: string, metadata: NodeIdentity['metadata']): NodeIdentity {
  return { id: `sidecar~10.0.0.1~app.${namespace}~${namespace}.svc.cluster.local`, cluster: '', metadata }
}

const NODES = [
  node('default', { NAME_TABLE_SHARDS: 'true' }),
  node('default', { INSTANCE_IPS: '10.0.0.1,2001:db8::9' }),
  node('shop', { NAME_TABLE_SHARDS: 'true', INSTANCE_IPS: '2001:db8::9' }),
  node('nobody-speaks-of', { NAME_TABLE_SHARDS: 'true' }),
  node('nor-of-this', { NAME_TABLE_SHARDS: 'true' }),
  node('default', { DNS_CAPTURE: 'false' }),
]

function versions(set: ResourceSet | undefined): unknown {
  return TYPE_URLS.map((typeUrl) =>
    [...(set?.byType.get(typeUrl) ?? [])].map(({ name, version }) => `${name}@${version}`).sort(),
  )
}

/** What of a set the change to another set is about, found by looking at everything. */
function differences(before: ResourceSet, after: ResourceSet): unknown {
  return TYPE_URLS.map((typeUrl) => {
    const [had, has] = [before, after].map(
      (set) => new Map([...(set.byType.get(typeUrl) ?? [])].map(({ name, version }) => [name, version])),
    )
    const names = new Set([...(had?.keys() ?? []), ...(has?.keys() ?? [])])
    return [...names].filter((name) => had?.get(name) !== has?.get(name)).sort()
  })
}

/** A source of which all nodes but the first are told. */
function sourceWatched(): SnapshotSource {
  const source = createSnapshotSource()
  for (const one of NODES.slice(1)) source.watch(one, () => {})
  return source
}

function texts(rejections: readonly Rejection[]): readonly string[] {
  return [...new Set(rejections.map((rejection) => JSON.stringify(rejection)))].sort()
}

function assertSame(source: SnapshotSource, input: ConfigInput): void {
  const fresh = sourceWatched()
  fresh.update(input)
  for (const one of NODES) {
    assert.equal(source.current(one)?.version, fresh.current(one)?.version)
    assert.deepEqual(versions(source.current(one)), versions(fresh.current(one)))
    assert.deepEqual(source.rejections(one), fresh.rejections(one))
  }
  assert.deepEqual(...([source, fresh].map((one) => texts(one.everyRejection())) as [unknown, unknown]))
  for (const entry of input.serviceEntries) assert.deepEqual(source.virtualIps(entry), fresh.virtualIps(entry))
}

test('whatever changed one after the other, everything is as if it had been made of the last configuration alone', () => {
  fc.assert(
    fc.property(steps, (changes) => {
      const source = sourceWatched()
      let input: ConfigInput = { meshConfig: DEFAULT_MESH_CONFIG, serviceEntries: [], sidecars: [] }
      source.update(input)
      for (const change of changes) {
        const before = NODES.map((one) => source.current(one))
        for (const step of change) input = step(input)
        source.update(input)
        assertSame(source, input)
        for (const [index, one] of NODES.entries()) {
          const [had, has] = [before[index], source.current(one)]
          assert.ok(had !== undefined && has !== undefined)
          const told = TYPE_URLS.map((type) => {
            const [a, b] = [had.byType.get(type), has.byType.get(type)]
            assert.ok(a !== undefined && b !== undefined)
            return a.namesThatDiffer(b).toSorted()
          })
          assert.deepEqual(told, differences(had, has))
        }
      }
    }),
    { numRuns: 60 },
  )
})
