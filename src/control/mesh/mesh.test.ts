import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFromYaml } from '#test/config-from-yaml.ts'
import { buildMesh, MeshBuilder } from './mesh.ts'
import { shardOf } from './mesh-shard.ts'
import { inOrder, visibleServices } from './visible-services.ts'

/** A service entry for one HTTP host; `more` are further lines of its spec. */
function entry(name: string, host: string, { namespace = 'default', created = '', more = '' } = {}): string {
  const timestamp = created === '' ? '' : `, creationTimestamp: "${created}"`
  return `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: ${namespace}${timestamp}}
spec: {hosts: [${host}], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS${more}}
`
}

/** What a namespace sees of all shards. */
function seenBy(namespace: string, yaml: string, overrides: Parameters<typeof configFromYaml>[1] = {}) {
  const { shards } = buildMesh(configFromYaml(yaml, overrides))
  const seen = shards.map((shard) => visibleServices(shard, namespace))
  return {
    listed: inOrder(
      seen.flatMap(({ listed }) => listed),
      namespace,
    ),
    hosts: seen.flatMap(({ byHost }) => [...byHost.keys()]).sort(),
    rejections: seen.flatMap(({ rejections }) => rejections),
  }
}

test('services are in order of age, those of one second by host', () => {
  const yaml =
    entry('third', 'a.example.com', { created: '2026-03-01T00:00:00Z' }) +
    entry('second', 'c.example.com', { created: '2026-02-01T00:00:00Z' }) +
    entry('first', 'b.example.com', { created: '2026-02-01T00:00:00Z' }) +
    entry('file', 'z.example.com')
  const hosts = seenBy('default', yaml).listed.map(({ host }) => host)
  assert.deepEqual(hosts, ['z.example.com', 'b.example.com', 'c.example.com', 'a.example.com'])
})

test('an entry makes a service for each host at each address', () => {
  const yaml = entry('many', 'b.example.com, a.example.com', { more: ', addresses: [192.0.2.2, 192.0.2.1]' })
  const services = seenBy('default', yaml).listed.map(({ host, address }) => [
    host,
    address.kind === 'ip' ? address.address : address.kind,
  ])
  assert.deepEqual(services, [
    ['a.example.com', '192.0.2.2'],
    ['a.example.com', '192.0.2.1'],
    ['b.example.com', '192.0.2.2'],
    ['b.example.com', '192.0.2.1'],
  ])
})

test('exportTo says who sees a service', () => {
  const yaml =
    entry('own', 'own.example.com', { more: ', exportTo: ["."]' }) +
    entry('shop', 'shop.example.com', { more: ', exportTo: [shop]' }) +
    entry('nobody', 'nobody.example.com', { more: ', exportTo: ["~"]' }) +
    entry('all', 'all.example.com')
  assert.deepEqual(seenBy('default', yaml).hosts, ['all.example.com', 'own.example.com'])
  assert.deepEqual(seenBy('shop', yaml).hosts, ['all.example.com', 'shop.example.com'])
  assert.deepEqual(seenBy('other', yaml).hosts, ['all.example.com'])
})

test('the mesh says who sees services that do not say it themselves', () => {
  const yaml = entry('own', 'own.example.com')
  const overrides = { defaultServiceExportTo: ['.'] }
  assert.equal(seenBy('default', yaml, overrides).hosts.length, 1)
  assert.equal(seenBy('other', yaml, overrides).hosts.length, 0)
})

test('a host of the own namespace comes before an older one of another, elsewhere the oldest', () => {
  const yaml =
    entry('old', 'db.example.com', { namespace: 'a', created: '2026-01-01T00:00:00Z' }) +
    entry('young', 'db.example.com', { namespace: 'b', created: '2026-01-02T00:00:00Z' })
  assert.deepEqual(
    seenBy('a', yaml).listed.map(({ namespace }) => namespace),
    ['a'],
  )
  assert.deepEqual(
    seenBy('b', yaml).listed.map(({ namespace }) => namespace),
    ['b'],
  )
  assert.deepEqual(
    seenBy('c', yaml).listed.map(({ namespace }) => namespace),
    ['a'],
  )
})

test('who is not used because of another object learns which', () => {
  const yaml =
    entry('old', 'db.example.com', { namespace: 'a', created: '2026-01-01T00:00:00Z' }) +
    entry('young', 'db.example.com', { namespace: 'b', created: '2026-01-02T00:00:00Z' })
  const [rejection, ...more] = seenBy('c', yaml).rejections
  assert.deepEqual(more, [])
  assert.deepEqual(rejection?.object, { kind: 'ServiceEntry', namespace: 'b', name: 'young' })
  assert.deepEqual(rejection?.because, { kind: 'ServiceEntry', namespace: 'a', name: 'old' })
})

test('hosts of one namespace share a virtual IP only when they are the same host', () => {
  const yaml = entry('one', 'a.example.com') + entry('two', 'a.example.com') + entry('three', 'b.example.com')
  const [first, second, third] = seenBy('default', yaml).listed.map(({ virtualIps }) => virtualIps?.v4)
  assert.equal(first, second)
  assert.notEqual(first, third)
})

test("a virtual IP that a user gave to a service is nobody else's", () => {
  const [own] = seenBy('default', entry('one', 'a.example.com')).listed
  const wanted = own?.virtualIps?.v4
  assert.ok(wanted !== undefined)
  const yaml = entry('one', 'a.example.com') + entry('two', 'b.example.com', { more: `, addresses: ["${wanted}"]` })
  const ips = seenBy('default', yaml).listed.map(({ host, virtualIps }) => [host, virtualIps?.v4])
  assert.deepEqual(ips[1], ['b.example.com', undefined])
  assert.notEqual(ips[0]?.[1], wanted)
})

test('an entry and a converted egress rule of its name and age are in one order, however they are read', () => {
  const rule = `---
apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata: {name: one, namespace: default}
spec: {destination: {service: a.example.com}, ports: [{port: 80, protocol: http}]}
`
  const input = configFromYaml(entry('one', 'a.example.com') + rule)
  const orders = [input.serviceEntries, input.serviceEntries.toReversed()].map((serviceEntries) =>
    buildMesh({ ...input, serviceEntries }).shards.flatMap(({ services }) =>
      services.map(({ resolution }) => resolution),
    ),
  )
  assert.deepEqual(orders[0]?.toSorted(), ['DNS', 'NONE'])
  assert.deepEqual(orders[0], orders[1])
})

test('a change makes the shards anew whose hosts it is about, and no others', () => {
  const names = Array.from({ length: 300 }, (_, index) => `host-${index}`)
  const input = configFromYaml(names.map((name) => entry(name, `${name}.example.com`)).join(''))
  const more = configFromYaml(entry('more', 'more.example.com')).serviceEntries
  const builder = new MeshBuilder()
  const before = builder.build(input)
  const after = builder.build({ ...input, serviceEntries: [...input.serviceEntries, ...more] })
  const changed = after.shards.filter((shard, index) => shard !== before.shards[index])
  assert.deepEqual(changed, [after.shards[shardOf('more.example.com')]])
})
