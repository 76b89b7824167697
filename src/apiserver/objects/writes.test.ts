import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMap, ObjectRig, rejectionOf, serviceEntry } from '#test/object-rig.ts'
import { createBuiltInNamespaces } from './built-in-namespaces.ts'

async function rig(): Promise<ObjectRig> {
  const made = new ObjectRig()
  await createBuiltInNamespaces(made.context)
  return made
}

type Meta = Readonly<Record<string, unknown>>

test('a new object gets uid, creation time, generation and managers, and is served in every version', async () => {
  const api = await rig()
  const { outcome } = await api.create(serviceEntry('a'))
  assert.equal(outcome, 'created')
  const seen = api.get({ ...serviceEntry('a'), apiVersion: 'networking.istio.io/v1alpha3' })
  const { uid, managedFields, ...metadata } = seen.metadata as Meta
  assert.equal(seen.apiVersion, 'networking.istio.io/v1alpha3')
  assert.match(String(uid), /^[0-9a-f-]{36}$/)
  assert.deepEqual(metadata, {
    name: 'a',
    namespace: 'default',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 1,
    resourceVersion: String(api.context.store.revision),
  })
  assert.deepEqual(
    (managedFields as readonly Meta[]).map(({ manager, operation, apiVersion }) => [manager, operation, apiVersion]),
    [['test', 'Update', 'networking.istio.io/v1']],
  )
})

test('what the server alone sets cannot be set by a client', async () => {
  const api = await rig()
  const given = { uid: 'mine', generation: 7, creationTimestamp: '1999-01-01T00:00:00Z', selfLink: '/x' }
  await api.create(serviceEntry('a', {}))
  await api.create({ ...serviceEntry('b'), metadata: { name: 'b', ...given }, status: { conditions: [] } })
  const { metadata, status } = api.get(serviceEntry('b'))
  const { uid, generation, creationTimestamp, selfLink } = metadata as Meta
  assert.notEqual(uid, 'mine')
  assert.deepEqual([generation, creationTimestamp, selfLink], [1, '2026-01-01T00:00:00Z', undefined])
  assert.equal(status, undefined)
})

test('generation counts changes of what is wanted, not those of metadata and status', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  const generation = () => (api.get(serviceEntry('a')).metadata as Meta).generation
  await api.patch(serviceEntry('a'), { metadata: { labels: { x: 'y' } } })
  await api.update({ ...api.get(serviceEntry('a')), status: { x: 1 } }, {}, 'status')
  assert.equal(generation(), 1)
  assert.deepEqual(api.get(serviceEntry('a')).status, { x: 1 })
  await api.patch(serviceEntry('a'), { spec: { resolution: 'NONE' }, status: { x: 2 } })
  assert.equal(generation(), 2)
  assert.deepEqual(api.get(serviceEntry('a')).status, { x: 1 })
})

test('the status is written without the rest, and the rest without the status', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  const wanted = serviceEntry('a', { resolution: 'NONE' })
  await api.update({ ...wanted, metadata: api.get(wanted).metadata as Meta, status: { y: 1 } }, {}, 'status')
  const { spec, status } = api.get(wanted)
  assert.equal((spec as Meta).resolution, 'DNS')
  assert.deepEqual(status, { y: 1 })
})

test('a write that changes nothing is no write', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  const before = api.context.store.revision
  api.later(60)
  assert.equal((await api.update(api.get(serviceEntry('a')))).outcome, 'unchanged')
  assert.equal((await api.patch(serviceEntry('a'), { spec: { resolution: 'DNS' } })).outcome, 'unchanged')
  assert.equal(api.context.store.revision, before)
})

test('a write for an older state is refused, one for any state is not', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  const old = api.get(serviceEntry('a'))
  await api.patch(serviceEntry('a'), { metadata: { labels: { x: 'y' } } })
  const modified =
    'Conflict: Operation cannot be fulfilled on serviceentries.networking.istio.io "a": the object has been modified; please apply your changes to the latest version and try again'
  assert.equal(await rejectionOf(api.update(old)), modified)
  assert.equal(
    await rejectionOf(api.patch(old, { metadata: { resourceVersion: (old.metadata as Meta).resourceVersion } })),
    modified,
  )
  const read = api.get(serviceEntry('a'))
  await api.update({ ...read, status: { x: 1 } }, {}, 'status')
  assert.equal(await rejectionOf(api.update(read)), modified, 'a status is part of the state')
  assert.equal(await rejectionOf(api.update({ ...read, status: { x: 2 } }, {}, 'status')), modified)
  await api.update(api.get(serviceEntry('a')))
  for (const resourceVersion of ['999999', '0', '-1', '1.5', 'x']) {
    const object = { ...read, metadata: { ...(read.metadata as Meta), resourceVersion } }
    assert.equal(await rejectionOf(api.update(object)), modified, resourceVersion)
  }
  assert.match(
    String(await rejectionOf(api.update(serviceEntry('a')))),
    /^Invalid: serviceentries\.networking\.istio\.io "a" is invalid: metadata\.resourceVersion: .*must be specified/,
  )
  assert.equal(await rejectionOf(api.update(configMap('none'))), 'NotFound: configmaps "none" not found')
})

test('a replacement is of the object that its path names, before anything else is looked at', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  assert.equal(
    await rejectionOf(api.updateAt(serviceEntry('a'), serviceEntry('b'))),
    'BadRequest: the name of the object (b) does not match the name on the URL (a)',
  )
})

test('of many writers at once each finds the work of the others', async () => {
  const api = await rig()
  await api.create(configMap('a'))
  const writers = Array.from({ length: 12 }, (_, index) => api.patch(configMap('a'), { data: { [`k${index}`]: 'x' } }))
  await Promise.all(writers)
  assert.equal(Object.keys(api.get(configMap('a')).data as Meta).length, 12)
})

test('no write makes an object larger than a body may be', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  const half = 'x'.repeat(2 << 20)
  const withStatus = (status: Meta) => api.update({ ...api.get(serviceEntry('a')), status }, {}, 'status')
  await withStatus({ first: half })
  assert.match(
    String(await rejectionOf(withStatus({ first: half, second: half }))),
    /^RequestEntityTooLarge: .*the object would have 4\d{6} bytes of JSON; limit is 3145728$/,
  )
  await api.patch(serviceEntry('a'), { metadata: { labels: { a: 'b' } } })
})

test('a dry run does everything but the write', async () => {
  const api = await rig()
  const before = api.context.store.revision
  const { object, outcome } = await api.create(serviceEntry('a'), { dryRun: true })
  assert.equal(outcome, 'created')
  assert.match(String((object.value.metadata as Meta).uid), /./)
  assert.match(
    String(await rejectionOf(api.create(serviceEntry('b', { resolution: 'X' }), { dryRun: true }))),
    /^Invalid/,
  )
  assert.equal(api.context.store.revision, before)
})

test('names are made up from generateName, and must be given otherwise', async () => {
  const api = await rig()
  const { object } = await api.create({ ...configMap(''), metadata: { generateName: 'note-' } })
  assert.match(object.key.name, /^note-[a-z0-9]{5}$/)
  assert.equal(
    await rejectionOf(api.create({ ...configMap(''), metadata: {} })),
    'Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  )
})

test('unknown fields are refused, warned of or dropped, as the client asks', async () => {
  const api = await rig()
  const odd = serviceEntry('a', { port: 1, hosts: ['a.example.com'] })
  assert.equal(
    await rejectionOf(api.create(odd)),
    'BadRequest: ServiceEntry in version "v1" cannot be handled as a ServiceEntry: strict decoding error: unknown field "spec.port"',
  )
  const warned = await api.create(odd, { fieldValidation: 'Warn', dryRun: true })
  assert.deepEqual(warned.warnings, ['unknown field "spec.port"'])
  const ignored = await api.create(odd, { fieldValidation: 'Ignore' })
  assert.deepEqual(ignored.warnings, [])
  assert.equal((api.get(odd).spec as Meta).port, undefined)
})

test('labels that are no texts are refused before anything else reads them', async () => {
  const api = await rig()
  assert.match(
    String(await rejectionOf(api.create({ ...configMap('a'), metadata: { name: 'a', labels: { x: 1 } } }))),
    /^BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: metadata\.labels\.x: /,
  )
  assert.match(String(await rejectionOf(api.create({ ...configMap('a'), metadata: 'x' }))), /^BadRequest: /)
})

test('objects of kinds of Kubernetes need not say what they are, others must, and none may say otherwise', async () => {
  const api = await rig()
  const { apiVersion: _, kind: __, ...unsaid } = configMap('a')
  await api.createIn(configMap('a'), unsaid)
  assert.deepEqual([api.get(configMap('a')).apiVersion, api.get(configMap('a')).kind], ['v1', 'ConfigMap'])
  const { apiVersion: ___, ...entry } = serviceEntry('a')
  assert.match(
    String(await rejectionOf(api.createIn(serviceEntry('a'), entry))),
    /^BadRequest: the API version in the data/,
  )
  assert.equal(
    await rejectionOf(api.createIn(serviceEntry('a'), { ...serviceEntry('a'), kind: 'Gateway' })),
    'BadRequest: the kind in the data (Gateway) does not match the expected kind (ServiceEntry)',
  )
})

test('an object needs its namespace, and the one of the path', async () => {
  const api = await rig()
  assert.equal(
    await rejectionOf(api.create(configMap('a', { namespace: 'nowhere' }))),
    'NotFound: namespaces "nowhere" not found',
  )
})

test('server-side apply creates, shares, and refuses to take what another manager owns', async () => {
  const api = await rig()
  assert.equal((await api.apply(serviceEntry('a'), { fieldManager: 'alice' })).outcome, 'created')
  assert.equal((await api.apply(serviceEntry('a'), { fieldManager: 'alice' })).outcome, 'unchanged')
  const wanted = serviceEntry('a', { resolution: 'NONE' })
  assert.equal(
    await rejectionOf(api.apply(wanted, { fieldManager: 'bob' })),
    'Conflict: Apply failed with 1 conflict: conflict with "alice": .spec.resolution',
  )
  await api.apply(wanted, { fieldManager: 'bob', force: true })
  assert.equal((api.get(wanted).spec as Meta).resolution, 'NONE')
  const odd = serviceEntry('a', { port: 1 })
  assert.match(String(await rejectionOf(api.apply(odd, { fieldManager: 'bob' }))), /unknown field "spec\.port"/)
})

test('custom resources take no strategic merge patches, core kinds do', async () => {
  const api = await rig()
  const type = 'application/strategic-merge-patch+json'
  await api.create(serviceEntry('a'))
  await api.create(configMap('a'))
  assert.match(String(await rejectionOf(api.patch(serviceEntry('a'), {}, { type }))), /^UnsupportedMediaType: /)
  await api.patch(configMap('a'), { data: { x: 'y' } }, { type })
  assert.deepEqual(api.get(configMap('a')).data, { x: 'y' })
})

test('an object that is to go has another generation, once', async () => {
  const api = await rig()
  await api.create({
    ...serviceEntry('a'),
    metadata: { name: 'a', namespace: 'default', finalizers: ['example.com/x'] },
  })
  const generation = () => (api.get(serviceEntry('a')).metadata as Meta).generation
  assert.equal(generation(), 1)
  await api.delete(serviceEntry('a'))
  await api.delete(serviceEntry('a'))
  assert.equal(generation(), 2)
})

test('a patch does not make an object one of another kind or version', async () => {
  const api = await rig()
  await api.create(serviceEntry('a'))
  const rejection = async (patch: Meta) => String(await rejectionOf(api.patch(serviceEntry('a'), patch)))
  assert.match(await rejection({ kind: 'Sidecar' }), /^BadRequest: the kind in the data \(Sidecar\) does not match/)
  assert.match(await rejection({ kind: null }), /^BadRequest: the kind in the data/)
  assert.match(
    await rejection({ apiVersion: 'networking.istio.io/v9' }),
    /^BadRequest: the API version in the data \(networking.istio.io\/v9\) does not match/,
  )
})

test('an object with finalizers waits for them, takes no new ones, and goes with the last', async () => {
  const api = await rig()
  await api.create(configMap('a', { finalizers: ['example.com/x'] }))
  assert.equal((await api.delete(configMap('a'))).outcome, 'changed')
  assert.equal((api.get(configMap('a')).metadata as Meta).deletionTimestamp, '2026-01-01T00:00:00Z')
  assert.match(
    String(await rejectionOf(api.patch(configMap('a'), { metadata: { finalizers: ['example.com/y'] } }))),
    /no new finalizers can be added/,
  )
  assert.equal((await api.patch(configMap('a'), { metadata: { finalizers: null } })).outcome, 'deleted')
  assert.equal(api.has(configMap('a')), false)
})

test('a deletion may name the very object and its state', async () => {
  const api = await rig()
  await api.create(configMap('a'))
  assert.match(
    String(await rejectionOf(api.delete(configMap('a'), { preconditions: { uid: 'other' } }))),
    /^Conflict: .*Precondition failed: UID in precondition: other/,
  )
  assert.match(
    String(await rejectionOf(api.delete(configMap('a'), { preconditions: { resourceVersion: '1' } }))),
    /^Conflict: .*ResourceVersion in precondition: 1/,
  )
  assert.equal((await api.delete(configMap('a'), { dryRun: ['All'] })).outcome, 'deleted')
  assert.equal(api.has(configMap('a')), true)
  assert.match(
    String(await rejectionOf(api.delete(configMap('a'), { dryRun: ['Some'] }))),
    /^Invalid: DeleteOptions.* dryRun/,
  )
})
