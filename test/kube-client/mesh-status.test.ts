import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { UNAPPLIED_KINDS } from '#api/kinds.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import type { ApiObject, Resource } from '#kube/client/resource.ts'
import { startControlPlane } from '#main/control-plane.ts'
import { ADMIN, startApiServer } from '#main/start-api-server.ts'
import { NODE, RawDeltaStream } from '#test/conformance/raw-ads-client.ts'
import { CLUSTER_TYPE, LISTENER_TYPE } from '#xds/type-url.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
}

/** An API server with a control plane that follows it, and a client of the API. */
async function mesh(t: TestContext): Promise<KubeClient> {
  return (await meshWithSocket(t)).client
}

/** The same, and where proxies find the control plane. */
async function meshWithSocket(
  t: TestContext,
  onNotice: (text: string) => void = () => undefined,
): Promise<{ client: KubeClient; listen: { readonly path: string } }> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-mesh-status-'))
  const server = await startApiServer({ stateDirectory: directory, onFault: assert.fail })
  const access = loadKubeconfig({ text: (await server.issue(ADMIN, 'certificate')).kubeconfig })
  const [own, client] = [new KubeClient(access), new KubeClient(access)]
  const listen = { path: join(directory, 'xds.sock') }
  const control = await startControlPlane({ client: own, listen, onNotice })
  t.after(async () => {
    await control.close()
    own.close()
    client.close()
    await server.close()
    rmSync(directory, { recursive: true })
  })
  return { client, listen }
}

function resource(plural: string, group = 'networking', version = 'v1'): Resource {
  return { group: `${group}.istio.io`, version, plural, namespaced: true }
}

const SERVICE_ENTRIES = resource('serviceentries')

function object(
  kind: string,
  spec: object,
  { group = 'networking', version = 'v1', name = 'a', labels = {} } = {},
): ApiObject {
  const metadata = { name, namespace: 'default', labels }
  return { apiVersion: `${group}.istio.io/${version}`, kind, metadata, spec }
}

async function read(client: KubeClient, of: Resource, name = 'a'): Promise<ApiObject> {
  const outcome = await client.get(of, name, 'default')
  assert.ok(outcome.kind === 'done')
  return outcome.value
}

/** The object once control has judged its newest generation. */
async function judged(
  client: KubeClient,
  of: Resource,
  name = 'a',
): Promise<{ object: ApiObject; accepted: Condition }> {
  for (;;) {
    const object = await read(client, of, name)
    const { conditions = [] } = (object.status ?? {}) as { conditions?: readonly Condition[] }
    const accepted = conditions.find(({ type }) => type === 'Accepted')
    if (accepted?.observedGeneration === object.metadata.generation && accepted) return { object, accepted }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function created(client: KubeClient, of: Resource, written: ApiObject): Promise<readonly string[]> {
  const outcome = await client.create(of, written)
  assert.ok(outcome.kind === 'done', JSON.stringify(outcome))
  return outcome.warnings
}

test('a mesh configuration that cannot be had is told of', { timeout: 30_000 }, async (t) => {
  const told = Promise.withResolvers<string>()
  const { client } = await meshWithSocket(t, told.resolve)
  const maps: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true }
  const metadata = { name: 'istio', namespace: 'istio-system' }
  await created(client, maps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { mesh: 'connectTimeout: 61m' },
  } as ApiObject)
  assert.equal(
    await told.promise,
    'ConfigMap istio-system/istio: data.mesh.connectTimeout: time 61m must be >1ms and <1h0m0s; until that is mended the default settings count',
  )
})

test('kinds without effect are those that are not read, ours of old among them', () => {
  assert.deepEqual(UNAPPLIED_KINDS.map(({ kind }) => kind).sort(), [
    'AuthorizationPolicy',
    'DestinationPolicy',
    'DestinationRule',
    'EnvoyFilter',
    'Gateway',
    'PeerAuthentication',
    'ProxyConfig',
    'RequestAuthentication',
    'RouteRule',
    'Telemetry',
    'VirtualService',
    'WorkloadEntry',
    'WorkloadGroup',
  ])
})

test('an object of a kind without effect says so in its status, silently for kubectl', {
  timeout: 30_000,
}, async (t) => {
  const client = await mesh(t)
  const rules = resource('destinationrules')
  const policies = resource('peerauthentications', 'security')
  assert.deepEqual(await created(client, rules, object('DestinationRule', { host: 'a.example' })), [])
  assert.deepEqual(await created(client, policies, object('PeerAuthentication', {}, { group: 'security' })), [])
  for (const [of, kind] of [
    [rules, 'DestinationRule'],
    [policies, 'PeerAuthentication'],
  ] as const) {
    const { accepted } = await judged(client, of)
    assert.deepEqual([accepted.status, accepted.reason], ['False', 'NotApplied'])
    assert.equal(accepted.message, `${kind} is stored, and has no effect in the mesh yet`)
  }
})

test('an EnvoyFilter warns at every write, in its status too', { timeout: 30_000 }, async (t) => {
  const client = await mesh(t)
  const filters = resource('envoyfilters', 'networking', 'v1alpha3')
  const said = ['EnvoyFilter is stored and not applied: no proxy of the mesh gets its patches']
  assert.deepEqual(await created(client, filters, object('EnvoyFilter', {}, { version: 'v1alpha3' })), said)
  const patched = await client.patch(filters, 'a', 'default', 'merge', { spec: { priority: 1 } })
  assert.deepEqual([patched.kind, patched.warnings], ['done', said])
  assert.equal((await judged(client, filters)).accepted.reason, 'NotApplied')
})

test('a Sidecar says which of its parts have no effect, and when all of it has', { timeout: 30_000 }, async (t) => {
  const client = await mesh(t)
  const sidecars = resource('sidecars')
  const egress = [{ hosts: ['./*'], bind: '127.0.0.9', port: { number: 80, name: 'http', protocol: 'HTTP' } }]
  await created(client, sidecars, object('Sidecar', { egress }))
  const { accepted } = await judged(client, sidecars)
  assert.deepEqual(
    [accepted.status, accepted.reason, accepted.message],
    ['False', 'NotApplied', 'spec.egress[0].bind: bind is not applied yet'],
  )
  await client.patch(sidecars, 'a', 'default', 'merge', { spec: { egress: [{ hosts: ['./*'] }] } })
  assert.equal((await judged(client, sidecars)).accepted.status, 'True')
})

test('a proxy that refuses an entry is named with its reason, until it has acknowledged what came after', {
  timeout: 30_000,
}, async (t) => {
  const { client, listen } = await meshWithSocket(t)
  const stream = new RawDeltaStream(listen)
  t.after(() => stream.close())
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  stream.send({ typeUrl: LISTENER_TYPE })
  for (const response of [await stream.next(), await stream.next()]) stream.ack(response)
  const ports = [{ number: 443, name: 'tls', protocol: 'TLS' }]
  await created(client, SERVICE_ENTRIES, object('ServiceEntry', { hosts: ['a.example'], ports, resolution: 'DNS' }))
  stream.nack(await stream.next(), 'that cluster is bad')
  const enforced = await untilEnforced(client, 'Refused')
  assert.equal(enforced, 'False Refused: app.default refused it: that cluster is bad')
  stream.ack(await stream.next())
  await client.patch(SERVICE_ENTRIES, 'a', 'default', 'merge', { spec: { hosts: ['b.example'] } })
  for (const _ of ['clusters', 'listeners']) stream.ack(await stream.next())
  assert.match(await untilEnforced(client, 'Acknowledged'), /^True Acknowledged/)
})

/** What Enforced says once its reason is this one. */
async function untilEnforced(client: KubeClient, wanted: string): Promise<string> {
  for (;;) {
    const { metadata, status } = await read(client, SERVICE_ENTRIES)
    const { conditions = [] } = (status ?? {}) as { conditions?: readonly Condition[] }
    const found = conditions.find(({ type }) => type === 'Enforced')
    if (found?.reason === wanted && found.observedGeneration === metadata.generation)
      return `${found.status} ${found.reason}: ${found.message}`
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a ServiceEntry with a part that has no effect is not accepted whole', { timeout: 30_000 }, async (t) => {
  const client = await mesh(t)
  const ports = [{ number: 53, name: 'dns', protocol: 'UDP' }]
  await created(client, SERVICE_ENTRIES, object('ServiceEntry', { hosts: ['a.example'], ports, resolution: 'DNS' }))
  const { accepted } = await judged(client, SERVICE_ENTRIES)
  assert.deepEqual([accepted.status, accepted.reason], ['False', 'NotApplied'])
  assert.match(accepted.message, /^spec\.ports\[0\]\.protocol: protocol UDP is not carried/)
})

test('an EgressRule that comes too late names the one before it, until that is gone', {
  timeout: 30_000,
}, async (t) => {
  const client = await mesh(t)
  const rules = resource('egressrules', 'config', 'v1alpha2')
  const of = { group: 'config', version: 'v1alpha2' }
  const spec = { destination: { service: '*.googleapis.com' }, ports: [{ port: 443, protocol: 'https' }] }
  await created(client, rules, object('EgressRule', spec, of))
  await created(client, rules, object('EgressRule', spec, { ...of, name: 'b' }))
  await created(client, rules, object('EgressRule', { ...spec, destination: { service: '*' } }, { ...of, name: 'c' }))
  await created(client, rules, object('EgressRule', tcp('10.1.0.0/16'), { ...of, name: 'd' }))
  await created(client, SERVICE_ENTRIES, object('ServiceEntry', entryAt('10.1.0.0/16'), { name: 'e' }))
  const said = async (name: string, plural = rules) => {
    const { status, reason, message } = (await judged(client, plural, name)).accepted
    return `${status} ${reason}: ${message}`
  }
  assert.equal(await said('a'), 'True Accepted: all of it has effect')
  const late =
    'False EgressRuleConflict: spec.destination.service: EgressRule default/a has the same destination.service "*.googleapis.com": EgressRule default/b has no effect'
  assert.equal(await said('b'), late)
  assert.match(await said('c'), /^False NotApplied: spec\.destination\.service: no ServiceEntry can stand for/)
  const { status } = (await judged(client, rules, 'b')).object
  assert.deepEqual(
    (status as { readonly conditions: readonly Condition[] }).conditions.map(({ type }) => type),
    ['Accepted', 'Enforced'],
  )
  await client.delete(rules, 'a', 'default')
  while ((await said('b')) === late) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(await said('b'), 'True Accepted: all of it has effect')
  const clashes = [await said('d'), await said('e', SERVICE_ENTRIES)].filter((one) => one.startsWith('False'))
  assert.equal(clashes.length, 1)
  assert.match(clashes[0]!, /ListenerConflict: .*(EgressRule default\/d|ServiceEntry default\/e)/)
})

function tcp(service: string): object {
  return { destination: { service }, ports: [{ port: 9000, protocol: 'tcp' }] }
}

function entryAt(address: string): object {
  return { hosts: ['e.example'], addresses: [address], ports: [{ number: 9000, name: 'tcp', protocol: 'TCP' }] }
}

test('workloads that the mesh registered itself are not told of', { timeout: 30_000 }, async (t) => {
  const client = await mesh(t)
  const entries = resource('workloadentries')
  const spec = { address: '10.0.0.1' }
  await created(
    client,
    entries,
    object('WorkloadEntry', spec, { name: 'b', labels: { 'postern.dev/registered': 'true' } }),
  )
  await created(client, entries, object('WorkloadEntry', spec))
  assert.equal((await judged(client, entries)).accepted.reason, 'NotApplied')
  assert.equal((await read(client, entries, 'b')).status, undefined)
})
