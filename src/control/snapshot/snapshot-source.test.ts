import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigInput } from '#control/source/config-input.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'
import type { NodeIdentity, ResourceSet } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, LISTENER_TYPE, TYPE_URLS, type TypeUrl } from '#xds/type-url.ts'
import { createSnapshotSource } from './snapshot-source.ts'

const EMPTY = configFromYaml('')

function entry(name: string, host: string, spec = '', namespace = 'default'): string {
  return `---
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: ${name}, namespace: ${namespace}}
spec: {hosts: ["${host}"], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS${spec}}
`
}

function node(name: string, namespace = 'default'): NodeIdentity {
  return { id: `sidecar~10.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`, cluster: name, metadata: {} }
}

function names(set: ResourceSet | undefined, typeUrl: TypeUrl): readonly string[] {
  return [...(set?.byType.get(typeUrl)?.names() ?? [])].sort()
}

test('a node that comes before the first configuration waits, and is told when it is there', () => {
  const source = createSnapshotSource()
  let told = 0
  source.watch(node('app'), () => told++)
  assert.equal(source.current(node('app')), undefined)
  source.update(EMPTY)
  assert.equal(told, 1)
  assert.deepEqual(names(source.current(node('app')), LISTENER_TYPE), ['virtualOutbound'])
})

test('nodes of one namespace share their resources', () => {
  const source = createSnapshotSource()
  source.update(configFromYaml(entry('a', 'a.example.com')))
  assert.equal(source.current(node('app')), source.current(node('batch')))
})

test('nodes of different namespaces share the resources that are the same for both', () => {
  const source = createSnapshotSource()
  const own = entry('own', 'own.example.com', ', exportTo: ["."]')
  source.update(configFromYaml(entry('a', 'a.example.com') + own))
  const [here, there] = [source.current(node('app')), source.current(node('app', 'partner'))]
  const cluster = 'outbound|443||a.example.com'
  assert.equal(here?.byType.get(CLUSTER_TYPE)?.get(cluster), there?.byType.get(CLUSTER_TYPE)?.get(cluster))
  assert.equal(names(here, CLUSTER_TYPE).includes('outbound|443||own.example.com'), true)
  assert.equal(names(there, CLUSTER_TYPE).includes('outbound|443||own.example.com'), false)
})

test('only nodes whose view changed are told, and what did not change stays the same object', () => {
  const source = createSnapshotSource()
  const first = entry('a', 'a.example.com')
  source.update(configFromYaml(first))
  const before = source.current(node('app'))
  const told: string[] = []
  source.watch(node('app'), () => told.push('default'))
  source.watch(node('app', 'partner'), () => told.push('partner'))
  source.update(configFromYaml(first + entry('own', 'own.example.com', ', exportTo: ["."]')))
  const after = source.current(node('app'))
  assert.deepEqual(told, ['default'])
  assert.notEqual(after?.version, before?.version)
  const cluster = 'outbound|443||a.example.com'
  assert.equal(after?.byType.get(CLUSTER_TYPE)?.get(cluster), before?.byType.get(CLUSTER_TYPE)?.get(cluster))
})

test('a configuration that says the same tells nobody, whatever its order', () => {
  const source = createSnapshotSource()
  const [a, b] = [entry('a', 'a.example.com'), entry('b', 'b.example.com')]
  source.update(configFromYaml(a + b))
  let told = 0
  source.watch(node('app'), () => told++)
  source.update(configFromYaml(b + a))
  assert.equal(told, 0)
})

test('who stopped watching is not told', () => {
  const source = createSnapshotSource()
  source.update(EMPTY)
  let told = 0
  const stop = source.watch(node('app'), () => told++)
  const keep = source.watch(node('app'), () => {})
  stop()
  source.update(configFromYaml(entry('a', 'a.example.com')))
  assert.equal(told, 0)
  keep()
})

test('a watcher that unsubscribes while others are told disturbs nobody', () => {
  const source = createSnapshotSource()
  source.update(EMPTY)
  const told: string[] = []
  const stop = source.watch(node('app'), () => {
    told.push('first')
    stop()
  })
  source.watch(node('app'), () => told.push('second'))
  source.update(configFromYaml(entry('a', 'a.example.com')))
  assert.deepEqual(told, ['first', 'second'])
})

test('two encodings of one configuration are byte for byte the same', () => {
  const config: ConfigInput = configFromYaml(entry('b', 'b.example.com') + entry('a', 'a.example.com'))
  const sets = [0, 1].map(() => {
    const source = createSnapshotSource()
    source.update(config)
    return source.current(node('app'))
  })
  assert.equal(sets[0]?.version, sets[1]?.version)
  for (const typeUrl of TYPE_URLS) assert.deepEqual(sets[0]?.byType.get(typeUrl), sets[1]?.byType.get(typeUrl))
})

test('namespaces that nothing is said of share one translation', () => {
  const source = createSnapshotSource()
  const own = entry('own', 'own.example.com', ', exportTo: ["."]', 'shop')
  source.update(configFromYaml(entry('a', 'a.example.com') + own))
  const first = source.current(node('app', 'namespace-0'))
  for (let i = 1; i < 100; i++) assert.equal(source.current(node('app', `namespace-${i}`)), first)
  assert.notEqual(source.current(node('app', 'shop')), first)
})

function sidecar(name: string, spec: string, namespace = 'default'): string {
  return `---
kind: Sidecar
apiVersion: networking.istio.io/v1
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`
}

function labelled(name: string, labels: Readonly<Record<string, string>>): NodeIdentity {
  return { ...node(name), metadata: { LABELS: labels } }
}

function hosts(set: ResourceSet | undefined): readonly string[] {
  return names(set, CLUSTER_TYPE).flatMap((name) => name.split('|')[3] ?? [])
}

test('a Sidecar scopes what its workloads see, the one that selects them before that of their namespace', () => {
  const source = createSnapshotSource()
  const entries =
    entry('a', 'a.example.com') + entry('b', 'b.example.com', '', 'shop') + entry('c', 'c.example.com', '', 'shop')
  source.update(
    configFromYaml(
      entries +
        sidecar('all', '{egress: [{hosts: ["./*", "shop/b.example.com"]}]}') +
        sidecar(
          'sleep',
          '{workloadSelector: {labels: {app: sleep}}, egress: [{hosts: ["*/*", "~shop/c.example.com"]}]}',
        ) +
        sidecar('none', '{workloadSelector: {labels: {app: none}}, egress: [{hosts: ["~/*"]}]}'),
    ),
  )
  assert.deepEqual(hosts(source.current(node('app'))), ['a.example.com', 'b.example.com'])
  assert.deepEqual(hosts(source.current(labelled('sleep', { app: 'sleep' }))), ['a.example.com', 'b.example.com'])
  assert.deepEqual(hosts(source.current(labelled('none', { app: 'none' }))), [])
  assert.deepEqual(hosts(source.current(node('app', 'shop'))), ['a.example.com', 'b.example.com', 'c.example.com'])
})

test("a Sidecar of the root namespace counts where a namespace has none, and '.' is the proxy's namespace there", () => {
  const source = createSnapshotSource()
  source.update(
    configFromYaml(
      entry('a', 'a.example.com') +
        entry('b', 'b.example.com', '', 'shop') +
        sidecar('own', '{egress: [{hosts: ["./*"]}]}', 'istio-system'),
    ),
  )
  assert.deepEqual(hosts(source.current(node('app'))), ['a.example.com'])
  assert.deepEqual(hosts(source.current(node('app', 'shop'))), ['b.example.com'])
})

test('an egress listener with a port imports that port, and a policy of a Sidecar takes the place of the mesh', () => {
  const source = createSnapshotSource()
  const two = entry('a', 'a.example.com').replace('ports: [', 'ports: [{number: 444, name: other, protocol: TLS}, ')
  const open =
    '{egress: [{port: {number: 444, name: tls, protocol: TLS}, hosts: ["*/*"]}], outboundTrafficPolicy: {mode: ALLOW_ANY}}'
  source.update(configFromYaml(two + sidecar('open', open)))
  const set = source.current(node('app'))
  assert.deepEqual(
    names(set, CLUSTER_TYPE).filter((name) => name.startsWith('outbound')),
    ['outbound|444||a.example.com'],
  )
  const listener = set?.byType.get(LISTENER_TYPE)?.get('virtualOutbound')
  assert.match(Buffer.from(listener?.value ?? []).toString('latin1'), /PassthroughCluster/)
})

test('the rejections of a node say what it does not get', () => {
  const source = createSnapshotSource()
  assert.equal(source.rejections(node('app')), undefined)
  source.update(configFromYaml(entry('dynamic', '*.example.com').replace('DNS', 'DYNAMIC_DNS')))
  assert.deepEqual(
    source.rejections(node('app'))?.map(({ code, object }) => `${object.name}: ${code}`),
    ['dynamic: unsupported-resolution'],
  )
})
