import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ApiOutcome } from '#kube/client/outcome.ts'
import type { ApiObject } from '#kube/client/resource.ts'
import type { AdsClientState } from '#xds/server/ads-server.ts'
import { Workloads } from './workloads.ts'

/** An API that holds workload entries, with the value of their label `postern.dev/registered`, and what keeps it from answering. */
function api(entries: Map<string, string>, outage: () => Error | number | undefined) {
  const done = async <T>(value: T): Promise<ApiOutcome<T>> => {
    const ailment = outage()
    if (ailment instanceof Error) throw ailment
    if (ailment === undefined) return { kind: 'done', value, warnings: [] }
    return { kind: 'refused', refusal: { code: ailment, reason: '', message: 'no', details: undefined }, warnings: [] }
  }
  return {
    create(_: unknown, { metadata }: ApiObject) {
      if (outage() === undefined) entries.set(metadata.name, metadata.labels?.['postern.dev/registered'] ?? '')
      return done({} as ApiObject)
    },
    delete(_: unknown, name: string) {
      if (outage() === undefined) entries.delete(name)
      return done({})
    },
    list(_: unknown, { labelSelector = '' }: { labelSelector?: string | undefined } = {}) {
      const found = [...entries].filter(([, registrar]) => labelSelector === `postern.dev/registered=${registrar}`)
      const items = found.map(([name]) => ({
        apiVersion: 'v1',
        kind: 'WorkloadEntry',
        metadata: { name, namespace: 'ns' },
      }))
      return done({ items, resourceVersion: '1' })
    },
  }
}

function sidecar(name: string): AdsClientState {
  const node = { id: name, cluster: '', metadata: { REGISTER: 'true', NAME: name, NAMESPACE: 'ns' } }
  return { node, protocol: 'delta', settledVersion: '', syncs: () => new Map() }
}

function registering(
  t: TestContext,
  entries: Map<string, string>,
  clients: readonly AdsClientState[],
  outage: () => Error | number | undefined = () => undefined,
) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const said: string[] = []
  const workloads = new Workloads({
    client: api(entries, outage),
    clients: () => clients,
    registrar: 'here',
    onFault: (text) => said.push(text),
  })
  t.after(() => workloads.close())
  /** Lets the time of grace pass, which is longer than the first pauses between two tries, and what is asked then be answered. */
  const pass = async () => {
    t.mock.timers.tick(5_000)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
  return { workloads, pass, said }
}

test('of the workloads that were left behind, those of other control planes stay', async (t) => {
  const entries = new Map([
    ['lost', 'here'],
    ['back', 'here'],
    ['elsewhere', 'there'],
  ])
  const { pass, said } = registering(t, entries, [sidecar('back')])
  await pass()
  assert.deepEqual([...entries.keys()], ['back', 'elsewhere'])
  assert.deepEqual(said, [])
})

test('a sidecar is registered for as long as it is connected, and a while longer', async (t) => {
  const entries = new Map<string, string>()
  const clients: AdsClientState[] = [sidecar('a')]
  const { workloads, pass } = registering(t, entries, clients)
  workloads.came(clients[0]!)
  await pass()
  assert.deepEqual([...entries], [['a', 'here']])
  const [gone] = clients.splice(0)
  workloads.left(gone!)
  assert.equal(entries.size, 1)
  await pass()
  assert.equal(entries.size, 0)
})

test('who comes and goes while the API is away is registered, and is not any more, when it is back', async (t) => {
  for (const ailment of [new Error('no'), 401, 403, 429, 503]) {
    const entries = new Map([
      ['left behind', 'here'],
      ['going', 'here'],
    ])
    const clients = [sidecar('going'), sidecar('brief')]
    let outage: Error | number | undefined = ailment
    const { workloads, pass, said } = registering(t, entries, clients, () => outage)
    for (const client of clients.splice(0)) workloads.left(client)
    clients.push(sidecar('coming'))
    workloads.came(clients[0]!)
    await pass()
    await pass()
    assert.deepEqual([...entries.keys()], ['left behind', 'going'])
    outage = undefined
    for (let turn = 0; turn < 4; turn++) await pass()
    assert.deepEqual([...entries.keys()], ['coming'])
    const why = typeof ailment === 'number' ? `no (${ailment})` : 'no'
    assert.deepEqual(said, [
      `registrations of runs are not written yet: ${why}`,
      'registrations of runs are written again',
    ])
    workloads.close()
    t.mock.timers.reset()
  }
})

test('what the API will never take is said, and let be', async (t) => {
  const clients = [sidecar('a')]
  const { workloads, pass, said } = registering(t, new Map(), clients, () => 422)
  workloads.came(clients[0]!)
  for (let turn = 0; turn < 4; turn++) await pass()
  assert.deepEqual(said, ['workload "a.ns" is not registered: no'])
})

test('who was registered before is awaited until it has acknowledged everything, and not for ever', async (t) => {
  const entries = new Map([
    ['back', 'here'],
    ['lost', 'here'],
    ['elsewhere', 'there'],
  ])
  const { workloads, pass } = registering(t, entries, [sidecar('back')])
  await workloads.recall()
  assert.ok(workloads.isAwaiting())
  workloads.settled(sidecar('lost'))
  assert.ok(workloads.isAwaiting())
  workloads.settled(sidecar('back'))
  assert.ok(!workloads.isAwaiting())
  await workloads.recall()
  await pass()
  await pass()
  assert.ok(!workloads.isAwaiting())
})
