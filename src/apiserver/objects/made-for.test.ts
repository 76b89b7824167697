import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#api/kind.ts'
import { ObjectRig, rejectionOf, serviceEntry } from '#test/object-rig.ts'
import { createBuiltInNamespaces } from './built-in-namespaces.ts'

const A = serviceEntry('a')

/** An object that has just been read, while its controller goes on writing its status. */
async function rig(history?: ConstructorParameters<typeof ObjectRig>[0]) {
  const api = new ObjectRig(history)
  await createBuiltInNamespaces(api.context)
  await api.create(A)
  const writeStatus = (status: JsonObject) =>
    api.update({ ...api.get(A), status }, { fieldManager: 'control' }, 'status')
  return { api, writeStatus }
}

function changed(read: JsonObject): JsonObject {
  return { ...read, spec: { ...(read.spec as JsonObject), resolution: 'NONE' } }
}

function managers(object: JsonObject): readonly unknown[] {
  const { managedFields } = object.metadata as { managedFields: readonly JsonObject[] }
  return managedFields.map(({ manager, subresource = '' }) => `${manager} ${subresource}`.trim()).sort()
}

test('a write that was made for an older status is no conflict, and the status and its owner stay', async () => {
  const { api, writeStatus } = await rig()
  const read = api.get(A)
  await writeStatus({ x: 1 })
  await writeStatus({ x: 2 })
  await api.update(changed(read))
  const now = api.get(A)
  assert.deepEqual([(now.spec as JsonObject).resolution, now.status], ['NONE', { x: 2 }])
  assert.deepEqual(managers(now), ['control status', 'test'])
  assert.equal((now.metadata as JsonObject).generation, 2)
  await writeStatus({ x: 3 })
  const patched = { metadata: { resourceVersion: (now.metadata as JsonObject).resourceVersion, labels: { a: 'b' } } }
  await api.patch(A, patched)
  assert.deepEqual([(api.get(A).metadata as JsonObject).labels, api.get(A).status], [{ a: 'b' }, { x: 3 }])
})

test('a write that was made for anything else of another state is a conflict', async () => {
  const { api, writeStatus } = await rig()
  const read = api.get(A)
  await api.patch(A, { metadata: { labels: { a: 'b' } } })
  await writeStatus({ x: 1 })
  assert.match(String(await rejectionOf(api.update(changed(read)))), /^Conflict: /)
  const other = { ...api.get(A), metadata: { ...(api.get(A).metadata as JsonObject), resourceVersion: '1' } }
  assert.match(String(await rejectionOf(api.update(other))), /^Conflict: /)
})

test('a status is written for the newest state alone', async () => {
  const { api, writeStatus } = await rig()
  const read = api.get(A)
  await writeStatus({ x: 1 })
  assert.match(String(await rejectionOf(api.update({ ...read, status: { x: 2 } }, {}, 'status'))), /^Conflict: /)
})

test('an object of the same name is another one', async () => {
  const { api, writeStatus } = await rig()
  const read = api.get(A)
  await api.delete(A)
  await api.create(A)
  await writeStatus({ x: 1 })
  assert.match(String(await rejectionOf(api.update(changed(read)))), /^Conflict: /)
})

test('what the history has forgotten is another state, and so is one that has never been', async () => {
  const { api, writeStatus } = await rig({ events: 1, bytes: 1 << 20 })
  const read = api.get(A)
  await writeStatus({ x: 1 })
  await writeStatus({ x: 2 })
  assert.match(String(await rejectionOf(api.update(changed(read)))), /^Conflict: /)
  for (const resourceVersion of ['999999', '0', '-1', '1.5', 'x']) {
    const object = { ...read, metadata: { ...(read.metadata as JsonObject), resourceVersion } }
    assert.match(String(await rejectionOf(api.update(object))), /^Conflict: /, resourceVersion)
  }
})
