import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Rejection } from '#control/mesh/rejection.ts'
import type { FollowedObject } from '#control/source/followed-objects.ts'
import type { NodeIdentity, ResourceSet } from '#xds/resource-set.ts'
import type { AdsClientState } from '#xds/server/ads-server.ts'
import type { TypeSync } from '#xds/server/type-watch.ts'
import { LISTENER_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { StatusReporter } from './status-reporter.ts'

/** A sidecar that acknowledges when the test says so. */
class Sidecar implements AdsClientState {
  readonly protocol = 'delta'
  readonly node: NodeIdentity
  settledVersion = ''

  constructor(name: string) {
    this.node = { id: `sidecar~127.0.0.1~${name}.default~default.svc.cluster.local`, cluster: name, metadata: {} }
  }

  syncs(): ReadonlyMap<TypeUrl, TypeSync> {
    return new Map([[LISTENER_TYPE, 'SYNCED']])
  }
}

function rig(...names: readonly string[]) {
  const clients = names.map((name) => new Sidecar(name))
  const written: string[] = []
  const rejections: Rejection[] = []
  const awaiting = { isSo: false }
  let set: ResourceSet = { version: '1', byType: new Map() }
  const followed = (): FollowedObject => ({
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'a', namespace: 'default', generation: 1 },
    },
    document: undefined,
    messages: [],
  })
  const reporter = new StatusReporter({
    source: { entry: (key) => (key === 'ServiceEntry default/a' ? followed() : undefined), rejections: () => [] },
    snapshots: {
      current: () => set,
      rejections: () => [],
      everyRejection: () => [...rejections],
      virtualIps: () => new Map(),
    },
    write: ({ name }, { conditions }) =>
      written.push(`${name} ${conditions.map(({ status, reason }) => `${status} ${reason}`).join(', ')}`),
    clients: () => clients,
    isAwaiting: () => awaiting.isSo,
  })
  const change = (version: string, ...keys: readonly string[]) => {
    set = { version, byType: new Map() }
    reporter.updated(keys.length === 0 ? ['ServiceEntry default/a'] : keys)
  }
  const settle = (client: Sidecar, version: string) => {
    client.settledVersion = version
    reporter.done(client)
  }
  return { clients, written, rejections, reporter, awaiting, change, settle }
}

/** Longer than statuses are held back for. */
const flushed = () => wait(80)

test('a change is enforced when the last proxy has acknowledged it', async () => {
  const { clients, written, change, settle } = rig('one', 'two')
  change('2')
  await flushed()
  settle(clients[0]!, '2')
  await flushed()
  settle(clients[1]!, '2')
  await flushed()
  assert.deepEqual(written, ['a True Accepted, False Pending', 'a True Accepted, True Acknowledged'])
})

test('while sidecars of before are still to come back nothing is said, and then they are waited for', async () => {
  const { clients, written, awaiting, change, settle } = rig()
  awaiting.isSo = true
  change('2')
  await flushed()
  assert.deepEqual(written, [])
  const back = new Sidecar('back')
  clients.push(back)
  awaiting.isSo = false
  await flushed()
  settle(back, '2')
  await flushed()
  assert.deepEqual(written, ['a True Accepted, False Pending', 'a True Accepted, True Acknowledged'])
})

test('what every proxy acknowledges at once is written once', async () => {
  const { clients, written, change, settle } = rig('one', 'two')
  change('2')
  for (const client of clients) settle(client, '2')
  await flushed()
  assert.deepEqual(written, ['a True Accepted, True Acknowledged'])
})

test('a proxy that settled an older state does not count, and one that left waits for nothing', async () => {
  const { clients, written, reporter, change, settle } = rig('one', 'two')
  change('2')
  settle(clients[0]!, '1')
  settle(clients[1]!, '2')
  await flushed()
  assert.deepEqual(written, ['a True Accepted, False Pending'])
  const [gone] = clients.splice(0, 1)
  reporter.done(gone!)
  await flushed()
  assert.equal(written.at(-1), 'a True Accepted, True Acknowledged')
})

test('a refusal names the proxy until it has acknowledged what came after', async () => {
  const { clients, written, reporter, change, settle } = rig('one')
  change('2')
  reporter.refused(clients[0]!.node, 'bad listener')
  await flushed()
  change('3')
  settle(clients[0]!, '3')
  await flushed()
  assert.deepEqual(written, ['a True Accepted, False Refused', 'a True Accepted, True Acknowledged'])
})

test('an entry that is gone has no status', async () => {
  const { written, reporter } = rig('one')
  reporter.updated(['ServiceEntry default/gone'])
  await flushed()
  assert.deepEqual(written, [])
})

test('an entry that another one gets in the way of says so, and says when that one is gone', async () => {
  const { written, rejections, reporter } = rig()
  const object = { kind: 'ServiceEntry', namespace: 'default', name: 'a' }
  rejections.push({ code: 'listener-conflict', object, path: 'spec.ports[0]', message: 'taken', because: undefined })
  reporter.updated(['default/other'])
  await flushed()
  rejections.length = 0
  reporter.updated(['default/other'])
  await flushed()
  assert.deepEqual(written, ['a False ListenerConflict, True Acknowledged', 'a True Accepted, True Acknowledged'])
})

test('an entry that comes into effect because another one went is enforced once the proxies have it', async () => {
  const { clients, written, rejections, reporter, change, settle } = rig('one')
  const object = { kind: 'ServiceEntry', namespace: 'default', name: 'a' }
  rejections.push({ code: 'listener-conflict', object, path: 'spec.ports[0]', message: 'taken', because: undefined })
  change('2')
  settle(clients[0]!, '2')
  await flushed()
  rejections.length = 0
  change('3', 'ServiceEntry default/other')
  await flushed()
  settle(clients[0]!, '3')
  await flushed()
  assert.deepEqual(written, [
    'a False ListenerConflict, True Acknowledged',
    'a True Accepted, False Pending',
    'a True Accepted, True Acknowledged',
  ])
  reporter.close()
})
