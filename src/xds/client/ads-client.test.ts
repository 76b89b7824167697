import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { NODE } from '#test/conformance/raw-ads-client.ts'
import { eventually, type Served, serve } from '#test/conformance/served.ts'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { ResourceUpdate } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '#xds/type-url.ts'
import { AdsClient, type AdsState } from './ads-client.ts'

function some(name: string, version = '1'): EncodedResource {
  return { name, version, value: new TextEncoder().encode('') }
}

interface Owner {
  readonly client: AdsClient
  readonly updates: readonly ResourceUpdate[]
  readonly states: readonly AdsState[]
  /** What was applied and not removed since, as "TYPE NAME" to version. */
  readonly held: ReadonlyMap<string, string>
}

function start(
  t: TestContext,
  { address }: Served,
  refuse: (update: ResourceUpdate) => readonly string[] = () => [],
): Owner {
  const updates: ResourceUpdate[] = []
  const states: AdsState[] = []
  const held = new Map<string, string>()
  const client = new AdsClient({
    address,
    node: { ...NODE, metadata: { NAMESPACE: 'default' } },
    apply: (update) => {
      updates.push(update)
      const errors = refuse(update)
      if (errors.length > 0) return errors
      for (const { name, version } of update.changed) held.set(`${update.typeUrl} ${name}`, version)
      for (const name of update.removed) held.delete(`${update.typeUrl} ${name}`)
      return []
    },
    onState: (state) => states.push(state),
  })
  t.after(() => client.close())
  return { client, updates, states, held }
}

test('a client continues to use a valid resource after receiving an invalid update', async (t) => {
  const served = await serve(t)
  served.source.replace({ [CLUSTER_TYPE]: [some('a', 'good')] })
  const owner = start(t, served, ({ changed }) =>
    changed.filter(({ version }) => version === 'bad').map(({ name }) => `${name} is bad`),
  )
  await eventually(() => owner.held.get(`${CLUSTER_TYPE} a`) === 'good', 'a is held')
  served.source.replace({ [CLUSTER_TYPE]: [some('a', 'bad'), some('b', 'bad'), some('c')] })
  await eventually(() => served.outcomes.some(({ kind }) => kind === 'nack'), 'the update was refused')
  const nack = served.outcomes.find(({ kind }) => kind === 'nack')
  assert.equal(nack?.kind === 'nack' && nack.reason, 'a is bad; b is bad')
  assert.equal(nack?.node.metadata.NAMESPACE, 'default')
  assert.deepEqual([...owner.held], [[`${CLUSTER_TYPE} a`, 'good']])
  served.source.replace({ [CLUSTER_TYPE]: [some('a', 'better'), some('c')] })
  await eventually(() => owner.held.get(`${CLUSTER_TYPE} a`) === 'better', 'the mended update is held')
  assert.equal(owner.held.get(`${CLUSTER_TYPE} c`), '1', 'with what was refused beside it')
  assert.equal(owner.updates.filter(({ changed }) => changed.some(({ version }) => version === 'bad')).length, 1)
})

test('an owner that throws has refused', async (t) => {
  const served = await serve(t)
  served.source.replace({ [CLUSTER_TYPE]: [some('a')] })
  start(t, served, () => {
    throw new Error('cannot')
  })
  await eventually(() => served.outcomes.length > 0, 'the update was answered')
  const [outcome] = served.outcomes
  assert.equal(outcome?.kind === 'nack' && outcome.reason, 'cannot')
})

test('after a restart of the server only what changed meanwhile is sent, and nothing is lost', async (t) => {
  const served = await serve(t)
  served.source.replace({
    [CLUSTER_TYPE]: [some('same'), some('changing'), some('going')],
    [ENDPOINT_TYPE]: [some('wanted')],
  })
  const owner = start(t, served)
  owner.client.want(ENDPOINT_TYPE, new Set(['wanted']))
  await eventually(() => owner.held.size === 4, 'everything is held')
  const before = owner.updates.length
  await served.restart()
  assert.equal(owner.held.size, 4, 'the last good state stays')
  served.source.replace({ [CLUSTER_TYPE]: [some('same'), some('changing', '2')], [ENDPOINT_TYPE]: [some('wanted')] })
  await eventually(() => owner.held.get(`${CLUSTER_TYPE} changing`) === '2', 'the change arrived')
  await eventually(() => !owner.held.has(`${CLUSTER_TYPE} going`), 'the removal arrived')
  assert.equal(owner.held.get(`${ENDPOINT_TYPE} wanted`), '1')
  const sent = owner.updates.slice(before).flatMap(({ changed }) => changed.map(({ name }) => name))
  assert.ok(!sent.includes('same') && !sent.includes('wanted'), `unchanged resources were sent again: ${sent}`)
  assert.deepEqual(
    owner.states.map(({ kind }) => kind),
    ['connected', 'disconnected', 'connected'],
  )
})

test('a client that starts before its server finds it later', async (t) => {
  const served = await serve(t)
  await served.server.close()
  const owner = start(t, served)
  await eventually(() => owner.states.length >= 2, 'it tried twice')
  for (const state of owner.states) assert.ok(state.kind === 'disconnected' && state.retryMs <= 5_000)
  served.source.replace({ [LISTENER_TYPE]: [some('l')] })
  await served.restart()
  await eventually(() => owner.held.size === 1, 'the listener is held')
})

test('names no longer wanted are not sent again; wanted again, they are', async (t) => {
  const served = await serve(t)
  served.source.replace({ [ENDPOINT_TYPE]: [some('a'), some('b')] })
  const owner = start(t, served)
  owner.client.want(ENDPOINT_TYPE, new Set(['a', 'b']))
  await eventually(() => owner.held.size === 2, 'both are held')
  owner.client.want(ENDPOINT_TYPE, new Set(['b']))
  owner.client.want(ENDPOINT_TYPE, new Set(['b', 'a', 'missing']))
  await eventually(() => owner.updates.some(({ removed }) => removed.includes('missing')), 'what is missing is said')
  const again = owner.updates.at(-1)
  assert.deepEqual(
    again?.changed.map(({ name }) => name),
    ['a'],
  )
})

test('a closed client neither calls back nor reconnects', async (t) => {
  const served = await serve(t)
  const owner = start(t, served)
  owner.client.close()
  served.source.replace({ [LISTENER_TYPE]: [some('l')] })
  await served.restart()
  await eventually(() => served.source.watchers === 0, 'nobody watches')
  assert.deepEqual([owner.updates.length, owner.states.length], [0, 0])
})
