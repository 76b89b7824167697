import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node'
import { ADMIN, type RunningApiServer, startApiServer } from '#main/start-api-server.ts'

// Kubernetes' own client for Node against our API server: what its users do with any other.

const SERVICE_ENTRIES = {
  group: 'networking.istio.io',
  version: 'v1',
  namespace: 'default',
  plural: 'serviceentries',
} as const

interface ServiceEntry extends KubernetesObject {
  readonly spec: { readonly hosts: readonly string[]; readonly resolution?: string }
}

function serviceEntry(name: string, host: string): ServiceEntry {
  const ports = [{ number: 443, name: 'tls', protocol: 'TLS' }]
  const spec = { hosts: [host], ports, resolution: 'DNS' }
  return { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name, namespace: 'default' }, spec }
}

interface Place {
  readonly server: () => RunningApiServer
  readonly restart: () => Promise<void>
}

async function started(t: TestContext): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-other-client-'))
  const open = (port: number) => startApiServer({ stateDirectory: directory, port, onFault: () => undefined })
  let server = await open(0)
  const port = Number(new URL(server.address).port)
  t.after(async () => {
    await server.close()
    rmSync(directory, { recursive: true })
  })
  const restart = async () => {
    await server.close()
    server = await open(port)
  }
  return { server: () => server, restart }
}

function configOf(kubeconfig: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromString(kubeconfig)
  return config
}

async function adminConfig({ server }: Place): Promise<KubeConfig> {
  return configOf((await server().issue(ADMIN, 'certificate')).kubeconfig)
}

/** The code and the reason that a request is refused with; the client keeps no body of a 401. */
async function refusal(request: Promise<unknown>): Promise<readonly (number | string)[]> {
  const thrown = await request.then(
    () => assert.fail('the request was granted'),
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof ApiException, String(thrown))
  if (thrown.body === undefined) return [thrown.code]
  const { reason } = JSON.parse(String(thrown.body)) as { reason: string }
  return [thrown.code, reason]
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const APPLY = { fieldManager: 'other', force: true } as const
const BOUNDED = { timeout: 60_000 }

test(
  'a kubeconfig with a certificate and one with a token both log in, and roles hold for either',
  BOUNDED,
  async (t) => {
    const { server } = await started(t)
    const viewer = { name: 'bob', groups: ['postern:viewers'] }
    for (const kubeconfig of [
      (await server().issue(viewer, 'certificate')).kubeconfig,
      (await server().issue(viewer, 'token')).kubeconfig,
    ]) {
      const core = configOf(kubeconfig).makeApiClient(CoreV1Api)
      const { items } = await core.listNamespace()
      assert.ok(items.some(({ metadata }) => metadata?.name === 'default'))
      const body = { metadata: { name: 'a' }, data: { key: 'value' } }
      assert.deepEqual(await refusal(core.createNamespacedConfigMap({ namespace: 'default', body })), [
        403,
        'Forbidden',
      ])
    }
    const nobody = configOf((await server().issue(viewer, 'token')).kubeconfig.replace(/token: .*/, 'token: made-up'))
    assert.deepEqual(await refusal(nobody.makeApiClient(CoreV1Api).listNamespace()), [401])
  },
)

test('an object of Istio is created, listed, patched in each way, replaced and deleted', BOUNDED, async (t) => {
  const place = await started(t)
  const custom = (await adminConfig(place)).makeApiClient(CustomObjectsApi)
  const create = () => custom.createNamespacedCustomObject({ ...SERVICE_ENTRIES, body: serviceEntry('a', 'a.example') })
  await create()
  assert.deepEqual(await refusal(create()), [409, 'AlreadyExists'])
  const patch = (strategy: PatchStrategy, body: object) =>
    custom.patchNamespacedCustomObject(
      { ...SERVICE_ENTRIES, name: 'a', body, ...(strategy === PatchStrategy.ServerSideApply && APPLY) },
      setHeaderOptions('Content-Type', strategy),
    ) as Promise<ServiceEntry>
  const json = await patch(PatchStrategy.JsonPatch, [{ op: 'replace', path: '/spec/hosts/0', value: 'b.example' }])
  const merged = await patch(PatchStrategy.MergePatch, { spec: { hosts: ['c.example'] } })
  const applied = await patch(PatchStrategy.ServerSideApply, serviceEntry('a', 'd.example'))
  assert.deepEqual(
    [json, merged, applied].map(({ spec }) => spec.hosts),
    [['b.example'], ['c.example'], ['d.example']],
  )
  const body = { ...serviceEntry('a', 'e.example'), metadata: applied.metadata }
  await custom.replaceNamespacedCustomObject({ ...SERVICE_ENTRIES, name: 'a', body })
  const stale = custom.replaceNamespacedCustomObject({ ...SERVICE_ENTRIES, name: 'a', body })
  assert.deepEqual(await refusal(stale), [409, 'Conflict'])
  const { items } = (await custom.listNamespacedCustomObject(SERVICE_ENTRIES)) as { items: readonly ServiceEntry[] }
  assert.deepEqual(
    items.map(({ metadata, spec }) => [metadata?.name, spec.hosts]),
    [['a', ['e.example']]],
  )
  await custom.deleteNamespacedCustomObject({ ...SERVICE_ENTRIES, name: 'a' })
  assert.deepEqual(await refusal(custom.getNamespacedCustomObject({ ...SERVICE_ENTRIES, name: 'a' })), [
    404,
    'NotFound',
  ])
})

test('objects of any kind find their place by discovery', BOUNDED, async (t) => {
  const place = await started(t)
  const objects = KubernetesObjectApi.makeApiClient(await adminConfig(place))
  const written = serviceEntry('a', 'a.example')
  await objects.create(written)
  const patched = await objects.patch(
    { ...written, metadata: { name: 'a', namespace: 'default', labels: { team: 'books' } } },
    undefined,
    undefined,
    undefined,
    undefined,
    PatchStrategy.MergePatch,
  )
  assert.deepEqual(patched.metadata?.labels, { team: 'books' })
  const header = { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry' }
  const found = await objects.read<ServiceEntry>({ ...header, metadata: { name: 'a', namespace: 'default' } })
  assert.deepEqual(found.spec, written.spec)
  assert.equal((await objects.delete(written)).status, 'Success')
})

test('a list is read in pages and a watch goes on from where it was read', BOUNDED, async (t) => {
  const place = await started(t)
  const config = await adminConfig(place)
  const core = config.makeApiClient(CoreV1Api)
  const write = (name: string) =>
    core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name, labels: { own: 'yes' } } } })
  for (const name of ['a', 'b', 'c']) await write(name)
  const query = { namespace: 'default', labelSelector: 'own=yes', limit: 2 }
  const first = await core.listNamespacedConfigMap(query)
  const second = await core.listNamespacedConfigMap({ ...query, _continue: first.metadata!._continue! })
  assert.deepEqual(
    [first, second].map(({ items }) => items.map(({ metadata }) => metadata?.name)),
    [['a', 'b'], ['c']],
  )
  await write('d')
  const told: string[] = []
  const watch = await new Watch(config).watch(
    '/api/v1/namespaces/default/configmaps',
    { labelSelector: 'own=yes', resourceVersion: second.metadata?.resourceVersion },
    (phase: string, object: KubernetesObject) => told.push(`${phase} ${object.metadata?.name}`),
    () => undefined,
  )
  t.after(() => watch.abort())
  await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'a' })
  await until(() => told.length >= 2)
  assert.deepEqual(told, ['ADDED d', 'DELETED a'])
})

test('an informer is told of each change once, and goes on when the server was restarted', BOUNDED, async (t) => {
  const place = await started(t)
  const config = await adminConfig(place)
  const list = () =>
    config.makeApiClient(CustomObjectsApi).listNamespacedCustomObject(SERVICE_ENTRIES) as ReturnType<
      Parameters<typeof makeInformer<ServiceEntry>>[2]
    >
  const path = '/apis/networking.istio.io/v1/namespaces/default/serviceentries'
  const informer = makeInformer<ServiceEntry>(config, path, list)
  const told: string[] = []
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, ({ metadata, spec }) => told.push(`${verb} ${metadata?.name} ${spec.hosts}`))
  // As its users do: what breaks is begun again.
  let isOver = false
  const restartInformer = () => {
    if (!isOver) setTimeout(() => void informer.start(), 50)
  }
  informer.on('error', restartInformer)
  t.after(async () => {
    isOver = true
    await informer.stop()
  })
  const custom = () => config.makeApiClient(CustomObjectsApi)
  const create = (name: string) =>
    custom().createNamespacedCustomObject({ ...SERVICE_ENTRIES, body: serviceEntry(name, `${name}.example`) })
  await create('a')
  await informer.start()
  await create('b')
  await until(() => told.length >= 2)
  await place.restart()
  await custom().patchNamespacedCustomObject(
    { ...SERVICE_ENTRIES, name: 'b', body: { spec: { hosts: ['c.example'] } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  )
  await custom().deleteNamespacedCustomObject({ ...SERVICE_ENTRIES, name: 'a' })
  await until(() => told.length >= 4)
  assert.deepEqual(told, ['add a a.example', 'add b b.example', 'update b c.example', 'delete a a.example'])
  assert.deepEqual(
    informer.list().map(({ metadata }) => metadata?.name),
    ['b'],
  )
})
