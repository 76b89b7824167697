import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { discover } from '#kube/client/discovery.ts'
import { Informer, type InformerEvent } from '#kube/client/informer.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import type { ApiObject, Resource } from '#kube/client/resource.ts'
import { ADMIN, type RunningApiServer, startApiServer } from '#main/start-api-server.ts'

const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true }

function configMap(name: string, value: string, resourceVersion?: string): ApiObject {
  const metadata = { name, namespace: 'default', ...(resourceVersion !== undefined && { resourceVersion }) }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } }
}

async function started(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'postern-kube-client-'))
  const open = (port: number) => startApiServer({ stateDirectory: directory, port, onFault: () => undefined })
  let server: RunningApiServer = await open(0)
  const port = Number(new URL(server.address).port)
  const text = (await server.issue(ADMIN, 'certificate')).kubeconfig
  const clients: KubeClient[] = []
  /** A client with no connection yet: a write on one that the server has closed is not tried again. */
  const connect = () => {
    const client = new KubeClient(loadKubeconfig({ text }))
    clients.push(client)
    return client
  }
  t.after(async () => {
    for (const client of clients) client.close()
    await server.close()
    rmSync(directory, { recursive: true })
  })
  const restart = async () => {
    await server.close()
    server = await open(port)
    return connect()
  }
  return { client: connect(), restart }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('each verb of the client does what it says at our API server', async (t) => {
  const { client } = await started(t)
  const created = await client.create(CONFIG_MAPS, configMap('a', '1'))
  assert.ok(created.kind === 'done')
  const version = created.value.metadata.resourceVersion
  const twice = await client.create(CONFIG_MAPS, configMap('a', '1'))
  assert.ok(twice.kind === 'refused')
  assert.deepEqual([twice.refusal.code, twice.refusal.reason], [409, 'AlreadyExists'])
  const replaced = await client.replace(CONFIG_MAPS, configMap('a', '2', version))
  assert.ok(replaced.kind === 'done')
  const stale = await client.replace(CONFIG_MAPS, configMap('a', '3', version))
  assert.ok(stale.kind === 'refused')
  assert.deepEqual([stale.refusal.code, stale.refusal.reason], [409, 'Conflict'])
  for (const [type, patch, value] of [
    ['merge', { data: { value: '4' } }, '4'],
    ['strategic', { data: { value: '5' } }, '5'],
    ['json', [{ op: 'replace', path: '/data/value', value: '6' }], '6'],
    ['apply', configMap('a', '7'), '7'],
  ] as const) {
    const patched = await client.patch(CONFIG_MAPS, 'a', 'default', type, patch, {
      fieldManager: 'm',
      ...(type === 'apply' && { force: true }),
    })
    assert.ok(patched.kind === 'done', type)
    assert.deepEqual(patched.value.data, { value }, type)
  }
  const dry = await client.patch(CONFIG_MAPS, 'a', 'default', 'merge', { data: { value: '8' } }, { dryRun: true })
  assert.ok(dry.kind === 'done')
  const read = await client.get(CONFIG_MAPS, 'a', 'default')
  assert.ok(read.kind === 'done')
  assert.deepEqual(read.value.data, { value: '7' })
  assert.equal((await client.delete(CONFIG_MAPS, 'a', 'default')).kind, 'done')
  const gone = await client.get(CONFIG_MAPS, 'a', 'default')
  assert.ok(gone.kind === 'refused')
  assert.equal(gone.refusal.reason, 'NotFound')
})

test('discovery finds every kind that our API server has, by its short name too', async (t) => {
  const { client } = await started(t)
  const discovery = await discover(client)
  assert.equal(discovery.named('se')?.kind, 'ServiceEntry')
  assert.equal(discovery.named('cm')?.kind, 'ConfigMap')
  assert.equal(discovery.named('serviceentry')?.version, 'v1')
  assert.equal(discovery.ofKind('networking.istio.io/v1alpha3', 'ServiceEntry')?.plural, 'serviceentries')
  assert.equal(discovery.ofKind('config.istio.io/v1alpha2', 'EgressRule')?.plural, 'egressrules')
})

test('a list of more than a page is complete', async (t) => {
  const { client } = await started(t)
  const names = Array.from({ length: 620 }, (_, index) => `c${String(index).padStart(4, '0')}`)
  const outcomes = await Promise.all(names.map((name) => client.create(CONFIG_MAPS, configMap(name, 'x'))))
  assert.ok(outcomes.every(({ kind }) => kind === 'done'))
  const listed = await client.list(CONFIG_MAPS, { namespace: 'default' })
  assert.ok(listed.kind === 'done')
  assert.deepEqual(
    listed.value.items.map(({ metadata }) => metadata.name).filter((name) => /^c\d/.test(name)),
    names,
  )
})

test('an informer follows our API server through its restarts: every change once, none missed', async (t) => {
  const { client, restart } = await started(t)
  await client.create(CONFIG_MAPS, configMap('a', '1'))
  const told: InformerEvent[] = []
  const selection = { namespace: 'default' }
  const onEvent = (event: InformerEvent) => void told.push(event)
  const informer = new Informer(client, { resource: CONFIG_MAPS, selection, onEvent })
  t.after(() => informer.stop())
  informer.start()
  await informer.synced
  const lines = () =>
    told.map(({ kind, object }) => `${kind} ${object.metadata.name} ${(object.data as { value?: string }).value}`)
  const own = () => lines().filter((line) => / [ab] /.test(line))
  assert.deepEqual(own(), ['added a 1'])
  await client.create(CONFIG_MAPS, configMap('b', '1'))
  await until(() => own().length === 2)
  let writer = await restart()
  await writer.patch(CONFIG_MAPS, 'b', 'default', 'merge', { data: { value: '2' } })
  await writer.delete(CONFIG_MAPS, 'a', 'default')
  await until(() => own().length === 4)
  writer = await restart()
  await writer.create(CONFIG_MAPS, configMap('a', '3'))
  await until(() => own().length === 5)
  assert.deepEqual(own(), ['added a 1', 'added b 1', 'changed b 2', 'removed a 1', 'added a 3'])
  assert.equal(informer.cache.get('default', 'b')?.metadata.name, 'b')
})
