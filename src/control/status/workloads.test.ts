import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ApiObject } from '#kube/client/resource.ts'
import type { AdsClientState } from '#xds/server/ads-server.ts'
import { Workloads } from './workloads.ts'

/** An API that holds workload entries, with the value of their label `postern.dev/registered`. */
function api(entries: Map<string, string>) {
  const done = <T>(value: T) => Promise.resolve({ kind: 'done', value, warnings: [] } as const)
  return {
    create(_: unknown, { metadata }: ApiObject) {
      entries.set(metadata.name, metadata.labels?.['postern.dev/registered'] ?? '')
      return done({} as ApiObject)
    },
    delete(_: unknown, name: string) {
      entries.delete(name)
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

function registering(t: TestContext, entries: Map<string, string>, clients: readonly AdsClientState[]) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const workloads = new Workloads({
    client: api(entries),
    clients: () => clients,
    registrar: 'here',
    onFault: assert.fail,
  })
  t.after(() => workloads.close())
  /** Lets the time of grace pass, and what is asked then be answered. */
  const pass = async () => {
    t.mock.timers.tick(5_000)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
  return { workloads, pass }
}

test('of the workloads that were left behind, those of other control planes stay', async (t) => {
  const entries = new Map([
    ['lost', 'here'],
    ['back', 'here'],
    ['elsewhere', 'there'],
  ])
  const { pass } = registering(t, entries, [sidecar('back')])
  await pass()
  assert.deepEqual([...entries.keys()], ['back', 'elsewhere'])
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
