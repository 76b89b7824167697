import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { NODE, RawDeltaStream, RawSotwStream, RawStream } from '#test/conformance/raw-ads-client.ts'
import { clusterResource, edsClusterResource, endpointsResource } from '#test/conformance/resources.ts'
import { eventually, serve } from '#test/conformance/served.ts'
import type { DeltaDiscoveryResponse } from '#xds/gen/envoy/service/discovery/v3/discovery_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE } from '#xds/type-url.ts'
import { AdsServer } from './ads-server.ts'

function some(name: string, version = '1'): EncodedResource {
  return { name, version, value: new TextEncoder().encode('') }
}

function told({ typeUrl, resources, removedResources }: DeltaDiscoveryResponse) {
  return [typeUrl.split('.').at(-1), resources.map(({ name, version }) => `${name}@${version}`), removedResources]
}

test('a delta client that names nothing is told everything, then only what changes', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a'), some('b')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  const first = await stream.next()
  assert.deepEqual(told(first), ['Cluster', ['a@1', 'b@1'], []])
  assert.equal(first.systemVersionInfo, '1')
  stream.ack(first)
  source.replace({ [CLUSTER_TYPE]: [some('a', '2'), some('c')] })
  const second = await stream.next()
  assert.deepEqual(told(second), ['Cluster', ['a@2', 'c@1'], []], 'additions first')
  stream.ack(second)
  assert.deepEqual(told(await stream.next()), ['Cluster', [], ['b']], 'then what is gone')
})

test('an empty set is an answer too', async (t) => {
  const { address, source } = await serve(t)
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: LISTENER_TYPE })
  assert.deepEqual(await stream.pending(), [], 'the first translation is not done: the client waits')
  source.replace({})
  assert.deepEqual(told(await stream.next()), ['Listener', [], []])
})

test('names that do not exist are told as removed, and come when they begin to exist', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [ENDPOINT_TYPE]: [some('here')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: ENDPOINT_TYPE, resourceNamesSubscribe: ['here', 'there'] })
  const first = await stream.next()
  assert.deepEqual(told(first), ['ClusterLoadAssignment', ['here@1'], ['there']])
  stream.ack(first)
  source.replace({ [ENDPOINT_TYPE]: [some('here'), some('there'), some('elsewhere')] })
  assert.deepEqual(told(await stream.next()), ['ClusterLoadAssignment', ['there@1'], []])
})

test('unsubscribed names are not heard of again, and subscribing again sends them again', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [ROUTE_TYPE]: [some('a'), some('b')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: ROUTE_TYPE, resourceNamesSubscribe: ['a', 'b'] })
  stream.ack(await stream.next())
  stream.send({ typeUrl: ROUTE_TYPE, resourceNamesUnsubscribe: ['a'] })
  await stream.pending()
  source.replace({ [ROUTE_TYPE]: [some('a', '2'), some('b')] })
  assert.deepEqual(await stream.pending(), [])
  stream.send({ typeUrl: ROUTE_TYPE, resourceNamesSubscribe: ['a', 'b'] })
  assert.deepEqual(told(await stream.next()), ['RouteConfiguration', ['a@2', 'b@1'], []])
})

test('a wildcard given up leaves the names that were asked for', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a'), some('b')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE, resourceNamesSubscribe: ['*', 'a'] })
  stream.ack(await stream.next())
  stream.send({ typeUrl: CLUSTER_TYPE, resourceNamesUnsubscribe: ['*'] })
  await stream.pending()
  source.replace({ [CLUSTER_TYPE]: [some('a', '2'), some('b', '2')] })
  assert.deepEqual(told(await stream.next()), ['Cluster', ['a@2'], []])
})

test('names first and everything later: everything is sent, even what was acknowledged under another wish', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a'), some('b')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE, resourceNamesSubscribe: ['a'] })
  stream.ack(await stream.next())
  stream.send({ typeUrl: CLUSTER_TYPE, resourceNamesSubscribe: ['*'] })
  assert.deepEqual(told(await stream.next()), ['Cluster', ['a@1', 'b@1'], []])
})

test('a client that comes back with versions is sent what changed while it was away', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('same'), some('new'), some('changed', '2')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  const initialResourceVersions = { same: '1', changed: '1', gone: '1' }
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE, initialResourceVersions })
  const first = await stream.next()
  assert.deepEqual(told(first).slice(0, 2), ['Cluster', ['changed@2', 'new@1']])
  stream.ack(first)
  const removed = first.removedResources.length > 0 ? first : await stream.next()
  assert.deepEqual(removed.removedResources, ['gone'])
})

test('make before break: clusters, endpoints, listeners, routes; removals when those are acknowledged', async (t) => {
  const { address, source } = await serve(t)
  source.replace({
    [CLUSTER_TYPE]: [edsClusterResource('old')],
    [ENDPOINT_TYPE]: [endpointsResource('old', ['10.0.0.1', 80])],
    [LISTENER_TYPE]: [some('listener')],
    [ROUTE_TYPE]: [some('route')],
  })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.send({ typeUrl: ENDPOINT_TYPE, resourceNamesSubscribe: ['old', 'new'] })
  stream.send({ typeUrl: LISTENER_TYPE })
  stream.send({ typeUrl: ROUTE_TYPE, resourceNamesSubscribe: ['route'] })
  for (let i = 0; i < 4; i++) stream.ack(await stream.next())
  source.replace({
    [CLUSTER_TYPE]: [edsClusterResource('new')],
    [ENDPOINT_TYPE]: [endpointsResource('new', ['10.0.0.2', 80])],
    [LISTENER_TYPE]: [some('listener', '2')],
    [ROUTE_TYPE]: [some('route', '2')],
  })
  const burst = [await stream.next(), await stream.next(), await stream.next(), await stream.next()]
  const names = burst.map(({ typeUrl, resources, removedResources }) => [
    typeUrl,
    resources.map(({ name }) => name),
    removedResources,
  ])
  assert.deepEqual(names, [
    [CLUSTER_TYPE, ['new'], []],
    [ENDPOINT_TYPE, ['new'], []],
    [LISTENER_TYPE, ['listener'], []],
    [ROUTE_TYPE, ['route'], []],
  ])
  for (const response of burst.slice(0, 3)) stream.ack(response)
  assert.deepEqual(await stream.pending(), [], 'the routes are not acknowledged yet')
  stream.ack(burst[3] as DeltaDiscoveryResponse)
  const [clusters, endpoints] = [await stream.next(), await stream.next()]
  assert.deepEqual([clusters.typeUrl, clusters.removedResources], [CLUSTER_TYPE, ['old']])
  assert.deepEqual([endpoints.typeUrl, endpoints.removedResources], [ENDPOINT_TYPE, ['old']])
})

test('what the last good listeners refer to stays while new listeners are refused', async (t) => {
  const { address, source, outcomes } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [clusterResource('old')], [LISTENER_TYPE]: [some('l')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.send({ typeUrl: LISTENER_TYPE })
  stream.ack(await stream.next())
  stream.ack(await stream.next())
  source.replace({ [CLUSTER_TYPE]: [], [LISTENER_TYPE]: [some('l', 'bad')] })
  stream.nack(await stream.next(), 'listener "l" is bad')
  assert.deepEqual(await stream.pending(), [])
  assert.deepEqual(
    outcomes.filter(({ kind }) => kind === 'nack').map((outcome) => outcome.kind === 'nack' && outcome.reason),
    ['listener "l" is bad'],
  )
  source.replace({ [CLUSTER_TYPE]: [], [LISTENER_TYPE]: [some('l', 'good')] })
  const mended = await stream.next()
  assert.deepEqual(told(mended), ['Listener', ['l@good'], []])
  stream.ack(mended)
  assert.deepEqual(told(await stream.next()), ['Cluster', [], ['old']])
})

test('what was refused is not sent again before it changes, and then with all that was refused beside it', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.ack(await stream.next())
  source.replace({ [CLUSTER_TYPE]: [some('a', 'bad'), some('b')] })
  stream.nack(await stream.next(), 'no')
  source.replace({ [CLUSTER_TYPE]: [some('a', 'bad'), some('b')], [LISTENER_TYPE]: [some('other')] })
  assert.deepEqual(await stream.pending(), [])
  source.replace({ [CLUSTER_TYPE]: [some('a', 'good'), some('b')] })
  assert.deepEqual(told(await stream.next()), ['Cluster', ['a@good', 'b@1'], []])
})

test('a slow client skips the states between', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a', '0')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.send({ typeUrl: LISTENER_TYPE })
  const first = await stream.next()
  stream.ack(await stream.next())
  for (let i = 1; i <= 100; i++)
    source.replace({
      [CLUSTER_TYPE]: [some('a', String(i)), some(`only-in-${i}`)],
      [LISTENER_TYPE]: [some('l', String(i))],
    })
  assert.deepEqual(await stream.pending(), [], 'listeners wait for the clusters before them')
  stream.ack(first)
  const clusters = await stream.next()
  assert.deepEqual(told(clusters), ['Cluster', ['a@100', 'only-in-100@1'], []])
  assert.deepEqual(told(await stream.next()), ['Listener', ['l@100'], []])
})

test('a cluster that is sent anew gets its endpoints anew', async (t) => {
  const { address, source } = await serve(t)
  const endpoints = [endpointsResource('service', ['10.0.0.1', 80])]
  source.replace({ [CLUSTER_TYPE]: [edsClusterResource('c', 'service')], [ENDPOINT_TYPE]: endpoints })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.ack(await stream.next())
  stream.send({ typeUrl: ENDPOINT_TYPE, resourceNamesSubscribe: ['service'] })
  stream.ack(await stream.next())
  const changed = clusterResource('c', { edsClusterConfig: { serviceName: 'service' }, altStatName: 'changed' })
  source.replace({ [CLUSTER_TYPE]: [changed], [ENDPOINT_TYPE]: endpoints })
  assert.equal((await stream.next()).typeUrl, CLUSTER_TYPE)
  const again = await stream.next()
  assert.deepEqual([again.typeUrl, again.resources.map(({ name }) => name)], [ENDPOINT_TYPE, ['service']])
})

test('state of the world: clusters whole, endpoints as they were asked for', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a'), some('b')], [ENDPOINT_TYPE]: [some('a'), some('b')] })
  const stream = new RawSotwStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  const clusters = await stream.next()
  assert.deepEqual([clusters.typeUrl, clusters.resources.length, clusters.versionInfo], [CLUSTER_TYPE, 2, '1'])
  assert.ok(clusters.resources.every(({ typeUrl }) => typeUrl === CLUSTER_TYPE))
  stream.ack(clusters)
  stream.send({ typeUrl: ENDPOINT_TYPE, resourceNames: ['a'] })
  const endpoints = await stream.next()
  assert.equal(endpoints.resources.length, 1)
  stream.ack(endpoints, ['a', 'b'])
  const more = await stream.next()
  assert.equal(more.resources.length, 1, 'only what was added is sent')
  stream.ack(more, ['a', 'b'])
  source.replace({ [CLUSTER_TYPE]: [some('a'), some('b', '2')], [ENDPOINT_TYPE]: [some('a'), some('b')] })
  assert.equal((await stream.next()).resources.length, 2, 'all clusters, though one changed')
})

test('state of the world: a cluster stays among the others until the listeners are acknowledged', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [clusterResource('old')], [LISTENER_TYPE]: [some('l')] })
  const stream = new RawSotwStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.ack(await stream.next())
  stream.send({ typeUrl: LISTENER_TYPE })
  stream.ack(await stream.next())
  source.replace({ [CLUSTER_TYPE]: [clusterResource('new')], [LISTENER_TYPE]: [some('l', '2')] })
  const [clusters, listeners] = [await stream.next(), await stream.next()]
  assert.deepEqual([clusters.typeUrl, clusters.resources.length], [CLUSTER_TYPE, 2], 'old and new')
  assert.equal(listeners.typeUrl, LISTENER_TYPE)
  stream.ack(clusters)
  stream.ack(listeners)
  assert.equal((await stream.next()).resources.length, 1, 'new alone')
})

test('state of the world: an answer to an older response is void', async (t) => {
  const { address, source, outcomes } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a')] })
  const stream = new RawSotwStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  const first = await stream.next()
  stream.ack(first)
  source.replace({ [CLUSTER_TYPE]: [some('a', '2')] })
  const second = await stream.next()
  stream.nack(first, 'late')
  assert.deepEqual(await stream.pending(), [])
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['ack'],
  )
  stream.ack(second)
  await eventually(() => outcomes.length === 2, 'the second acknowledgement was counted')
})

test('state of the world: endpoints that went away unsaid do not make the next request void', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [ENDPOINT_TYPE]: [some('a')] })
  const stream = new RawSotwStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: ENDPOINT_TYPE, resourceNames: ['a'] })
  const first = await stream.next()
  stream.ack(first, ['a'])
  source.replace({ [ENDPOINT_TYPE]: [some('b')] })
  assert.deepEqual(await stream.pending(), [], 'that endpoints are gone cannot be said')
  stream.ack(first, ['b'])
  assert.equal((await stream.next()).resources.length, 1)
})

test('state of the world: a response that crossed a request without a nonce may still be answered with new names', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [ENDPOINT_TYPE]: [some('a'), some('b')] })
  const stream = new RawSotwStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: ENDPOINT_TYPE, resourceNames: ['a'] })
  const first = await stream.next()
  stream.send({ typeUrl: ENDPOINT_TYPE, resourceNames: [] })
  stream.ack(first, ['b'])
  assert.equal((await stream.next()).resources.length, 1)
})

test('state of the world: a name dropped and named again while a response is on its way is sent again', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [ROUTE_TYPE]: [some('a'), some('b')] })
  const stream = new RawSotwStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: ROUTE_TYPE, resourceNames: ['b'] })
  const first = await stream.next()
  stream.ack(first, ['a', 'b'])
  const second = await stream.next()
  stream.ack(first, ['a'])
  stream.ack(second, ['a', 'b'])
  assert.equal((await stream.next()).resources.length, 1)
})

test('types that the server does not have, and names of other nodes, disturb nothing', async (t) => {
  const { address, source } = await serve(t)
  source.replace({ [NAME_TABLE_TYPE]: [some('name-table')] })
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret' })
  stream.send({ typeUrl: NAME_TABLE_TYPE })
  assert.deepEqual(told(await stream.next()), ['NameTable', ['name-table@1'], []])
})

test('a stream that does not say which node it is for is ended', async (t) => {
  const { address } = await serve(t)
  const stream = new RawDeltaStream(address)
  t.after(() => stream.close())
  stream.send({ typeUrl: CLUSTER_TYPE })
  assert.deepEqual(await stream.status(), { code: 3, message: 'the first request of a stream must carry "node"' })
})

test('bytes that are no request, messages too large, and compression are refused', async (t) => {
  const { address, source } = await serve(t, { maxRequestBytes: 1000 })
  const cases: readonly (readonly [Uint8Array, number])[] = [
    [Uint8Array.of(0, 0, 0, 0, 2, 0xff, 0xff), 3],
    [Uint8Array.of(0, 0, 0, 0x10, 0), 8],
    [Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff), 8],
    [Uint8Array.of(1, 0, 0, 0, 1, 0), 12],
  ]
  for (const [bytes, code] of cases) {
    const stream = new RawDeltaStream(address)
    stream.write(bytes)
    assert.equal((await stream.status()).code, code)
    stream.close()
  }
  await eventually(() => source.watchers === 0, 'nobody watches')
})

test('an unknown method is not implemented', async (t) => {
  const { address } = await serve(t)
  const stream = new RawStream(address, 'StreamEverything', (bytes) => bytes)
  t.after(() => stream.close())
  assert.equal((await stream.status()).code, 12)
})

test('a client that goes away is forgotten', async (t) => {
  const { address, source } = await serve(t)
  source.replace({})
  const stream = new RawDeltaStream(address)
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  await stream.next()
  assert.equal(source.watchers, 1)
  stream.close()
  await eventually(() => source.watchers === 0, 'nobody watches')
})

test('the socket is for its owner alone, is taken over from a dead server and not from a living one', async (t) => {
  const served = await serve(t)
  assert.equal(statSync(served.address.path).mode & 0o777, 0o600)
  const rival = new AdsServer({ source: served.source })
  await assert.rejects(rival.listen(served.address), { code: 'xds/listen' })
  await served.restart()
})
