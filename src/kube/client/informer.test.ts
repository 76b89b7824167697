import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { FakeApiServer } from '#test/fake-api-server.ts'
import { Backoff } from './backoff.ts'
import { Informer, type InformerEvent, type InformerOptions } from './informer.ts'
import { KubeClient } from './kube-client.ts'
import { loadKubeconfig } from './kubeconfig.ts'
import type { ApiObject, Resource } from './resource.ts'

const WIDGETS: Resource = { group: 'test.dev', version: 'v1', plural: 'widgets', namespaced: true }

async function following(server: FakeApiServer, options: Partial<InformerOptions> = {}) {
  await server.start()
  const text = `current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "${server.url}"}}]\n`
  const client = new KubeClient(loadKubeconfig({ text }))
  const told: InformerEvent[] = []
  const faults: string[] = []
  const states: string[] = []
  const informer = new Informer(client, {
    resource: WIDGETS,
    onEvent: (event) => told.push(event),
    onState: (state) => {
      states.push(state.kind)
      if (state.kind === 'failing') faults.push(state.fault.code)
    },
    random: () => 0,
    ...options,
  })
  const stop = async () => {
    await informer.stop()
    client.close()
    await server.stop()
  }
  return { informer, told, faults, states, stop }
}

async function started(t: TestContext, server: FakeApiServer, options: Partial<InformerOptions> = {}) {
  const parts = await following(server, options)
  t.after(parts.stop)
  parts.informer.start()
  return parts
}

function stateOf(informer: Informer): Readonly<Record<string, number>> {
  return Object.fromEntries(informer.cache.list().map(({ metadata, size }) => [metadata.name, size as number]))
}

async function caughtUp(informer: Informer, server: FakeApiServer): Promise<void> {
  const sorted = (state: Readonly<Record<string, number>>) => JSON.stringify(Object.entries(state).sort())
  while (sorted(stateOf(informer)) !== sorted(server.state)) await new Promise((resolve) => setTimeout(resolve, 2))
}

const linesOf = (told: readonly InformerEvent[]) =>
  told.map(({ kind, object }) => `${kind} ${object.metadata.name} ${object.size}`)

test('what is there is told first, then each change as it happens', async (t) => {
  const server = new FakeApiServer()
  server.put('a', 1)
  const { informer, told } = await started(t, server)
  await informer.synced
  assert.deepEqual(linesOf(told), ['added a 1'])
  while (server.watches === 0) await new Promise(setImmediate)
  server.put('b', 1)
  server.put('a', 2)
  server.remove('b')
  await caughtUp(informer, server)
  assert.deepEqual(linesOf(told), ['added a 1', 'added b 1', 'changed a 2', 'removed b 1'])
})

test('a broken watch goes on where it stopped, from the last bookmark when that is later', async (t) => {
  const server = new FakeApiServer()
  const { informer, told } = await started(t, server)
  await informer.synced
  while (server.watches === 0) await new Promise(setImmediate)
  server.put('a', 1)
  server.bookmark()
  await caughtUp(informer, server)
  server.breakWatches()
  server.put('b', 2)
  await caughtUp(informer, server)
  assert.deepEqual(linesOf(told), ['added a 1', 'added b 2'])
  const versions = server.seen.flatMap(({ query }) => (query.has('watch') ? [query.get('resourceVersion')] : []))
  assert.deepEqual(versions, ['10', '12'])
})

test('a place that the server has forgotten is met with a list, and its difference is told', async (t) => {
  const server = new FakeApiServer()
  for (const name of ['same', 'changing', 'leaving', 'another']) server.put(name, 1)
  const { informer, told, faults } = await started(t, server)
  await informer.synced
  await server.stop()
  server.put('changing', 2)
  server.remove('leaving')
  server.remove('another')
  server.put('another', 3)
  server.put('new', 1)
  server.compact()
  told.length = 0
  await server.start()
  await caughtUp(informer, server)
  assert.deepEqual(linesOf(told).sort(), [
    'added another 3',
    'added new 1',
    'changed changing 2',
    'removed another 1',
    'removed leaving 1',
  ])
  assert.ok(faults.every((code) => code === 'kube/unreachable'))
})

test('a refused list is tried again, reported once for as long as the server says the same', async (t) => {
  const server = new FakeApiServer()
  server.put('a', 1)
  const answers = ['no', 'no', 'never']
  server.answer = (_, response) => {
    const message = answers.shift()
    if (message === undefined) return false
    response.writeHead(403).end(JSON.stringify({ kind: 'Status', code: 403, message }))
    return true
  }
  const { informer, states, faults } = await started(t, server)
  await informer.synced
  while (server.watches === 0) await new Promise(setImmediate)
  while (states.length < 3) await new Promise(setImmediate)
  assert.deepEqual(states, ['failing', 'failing', 'following'])
  assert.deepEqual(faults, ['kube/refused', 'kube/refused'])
})

test('a watch that breaks is no fault when the next one goes on, and one when it cannot', async (t) => {
  const server = new FakeApiServer()
  const { informer, states, faults } = await started(t, server)
  await informer.synced
  while (states.length === 0) await new Promise(setImmediate)
  server.breakWatches()
  server.put('a', 1)
  await caughtUp(informer, server)
  assert.deepEqual(states, ['following'])
  await server.stop()
  while (states.length < 2) await new Promise((resolve) => setTimeout(resolve, 2))
  await server.start()
  server.put('b', 1)
  await caughtUp(informer, server)
  assert.deepEqual(
    states.filter((state, index) => state !== states[index - 1]),
    ['following', 'failing', 'following'],
  )
  assert.ok(faults.every((code) => code === 'kube/unreachable'))
})

test('an informer that is stopped waits for no server', async () => {
  const server = new FakeApiServer()
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  server.answer = () => {
    asked()
    return true
  }
  const { informer, told, faults, stop } = await following(server)
  informer.start()
  await isAsked
  await stop()
  assert.deepEqual([told, faults], [[], []])
})

test('objects are found by what an indexer says, as long as it says so', async (t) => {
  const server = new FakeApiServer()
  server.put('a', 1)
  server.put('b', 1)
  const { informer } = await started(t, server, { indexers: { size: ({ size }: ApiObject) => [String(size)] } })
  await informer.synced
  const named = (key: string) => informer.cache.by('size', key).map(({ metadata }) => metadata.name)
  assert.deepEqual(named('1'), ['a', 'b'])
  while (server.watches === 0) await new Promise(setImmediate)
  server.put('a', 2)
  await caughtUp(informer, server)
  assert.deepEqual([named('1'), named('2'), informer.cache.by('colour', 'red')], [['b'], ['a'], []])
})

test('whatever happens to server and connections, what is told adds up to what the server holds, and nothing is told twice', async () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), name, size: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
    fc.record({
      do: fc.constantFrom(
        'break' as const,
        'compact' as const,
        'bookmark' as const,
        'restart' as const,
        'pause' as const,
      ),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const server = new FakeApiServer()
      const { informer, told, stop } = await following(server)
      informer.start()
      for (const one of steps) {
        if (one.do === 'put') server.put(one.name, one.size)
        else if (one.do === 'remove') server.remove(one.name)
        else if (one.do === 'break') server.breakWatches()
        else if (one.do === 'compact') server.compact()
        else if (one.do === 'bookmark') server.bookmark()
        else if (one.do === 'restart') await server.stop().then(() => server.start())
        else await new Promise((resolve) => setTimeout(resolve, 3))
      }
      await informer.synced
      await caughtUp(informer, server)
      await stop()
      const replayed = new Map<string, ApiObject>()
      for (const event of told) {
        const key = event.object.metadata.name
        const before = replayed.get(key)
        assert.equal(before === undefined, event.kind === 'added', `${event.kind} ${key}`)
        if (event.kind === 'changed') {
          assert.equal(event.before, before)
          assert.notEqual(event.object.metadata.resourceVersion, before?.metadata.resourceVersion)
        }
        if (event.kind === 'removed') replayed.delete(key)
        else replayed.set(key, event.object)
      }
      assert.deepEqual(
        new Map([...replayed].sort()),
        new Map(
          informer.cache
            .list()
            .map((one) => [one.metadata.name, one] as const)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
      )
    }),
    { numRuns: 40 },
  )
})

test('delays double up to a limit, and begin anew when something worked', () => {
  const backoff = new Backoff(100, 1_000, () => 1)
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => backoff.next()),
    [100, 200, 400, 800, 1_000],
  )
  backoff.reset()
  assert.equal(backoff.next(), 100)
  assert.equal(new Backoff(100, 1_000, () => 0).next(), 50)
})

test('a resource that the server does not have is empty until it has it', async (t) => {
  const server = new FakeApiServer()
  server.put('a', 1)
  let missing = 1
  server.answer = (_request, response) => {
    if (missing-- <= 0) return false
    response.writeHead(404).end(JSON.stringify({ kind: 'Status', code: 404, message: 'no such resource' }))
    return true
  }
  const { informer, told, states } = await started(t, server, { mayBeAbsent: true })
  await informer.synced
  assert.deepEqual([told, states], [[], ['absent']])
  await caughtUp(informer, server)
  while (states.length < 2) await new Promise(setImmediate)
  assert.deepEqual(states, ['absent', 'following'])
  assert.deepEqual(linesOf(told), ['added a 1'])
})
