import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { JsonObject } from '#api/kind.ts'
import { createBuiltInNamespaces } from '#apiserver/objects/built-in-namespaces.ts'
import { configMap, ObjectRig, rejectionOf } from '#test/object-rig.ts'
import { Lifecycle } from './lifecycle.ts'

async function rig(t: TestContext): Promise<{ readonly api: ObjectRig; readonly settle: () => Promise<void> }> {
  const api = new ObjectRig()
  await createBuiltInNamespaces(api.context)
  const faults: string[] = []
  const lifecycle = new Lifecycle(api.context, (text) => faults.push(text))
  t.after(async () => {
    await lifecycle.close()
    assert.deepEqual(faults, [])
  })
  return { api, settle: () => lifecycle.idle() }
}

function owner(api: ObjectRig, name: string, blockOwnerDeletion = false): JsonObject {
  const { uid } = api.get(configMap(name)).metadata as JsonObject
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion }
}

test('what an object owns goes with it, down to the last of them', async (t) => {
  const { api, settle } = await rig(t)
  await api.create(configMap('a'))
  await api.create(configMap('b', { ownerReferences: [owner(api, 'a')] }))
  await api.create(configMap('c', { ownerReferences: [owner(api, 'b')] }))
  await api.create(configMap('free'))
  await api.delete(configMap('a'))
  await settle()
  assert.deepEqual([api.has(configMap('b')), api.has(configMap('c')), api.has(configMap('free'))], [false, false, true])
})

test('an object with two owners outlives the first, and names it no more', async (t) => {
  const { api, settle } = await rig(t)
  await api.create(configMap('a'))
  await api.create(configMap('b'))
  await api.create(configMap('c', { ownerReferences: [owner(api, 'a'), owner(api, 'b')] }))
  await api.delete(configMap('a'))
  await settle()
  const { ownerReferences } = api.get(configMap('c')).metadata as JsonObject
  assert.deepEqual(ownerReferences, [owner(api, 'b')])
})

test('orphans stay, and name nobody', async (t) => {
  const { api, settle } = await rig(t)
  await api.create(configMap('a'))
  await api.create(configMap('b', { ownerReferences: [owner(api, 'a')] }))
  await api.delete(configMap('a'), { propagationPolicy: 'Orphan' })
  await settle()
  assert.equal(api.has(configMap('a')), false)
  assert.equal((api.get(configMap('b')).metadata as JsonObject).ownerReferences, undefined)
})

test('an owner that is deleted in the foreground waits for those that hold it', async (t) => {
  const { api, settle } = await rig(t)
  await api.create(configMap('a'))
  await api.create(configMap('b', { ownerReferences: [owner(api, 'a', true)], finalizers: ['example.com/wait'] }))
  await api.delete(configMap('a'), { propagationPolicy: 'Foreground' })
  await settle()
  assert.deepEqual((api.get(configMap('a')).metadata as JsonObject).finalizers, ['foregroundDeletion'])
  await api.patch(configMap('b'), { metadata: { finalizers: null } })
  await settle()
  assert.deepEqual([api.has(configMap('a')), api.has(configMap('b'))], [false, false])
})

test('an object whose owner was gone before it is collected, one with an owner of an unknown kind is not', async (t) => {
  const { api, settle } = await rig(t)
  const gone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '1' }
  await api.create(configMap('a', { ownerReferences: [gone] }))
  await api.create(configMap('b', { ownerReferences: [{ ...gone, apiVersion: 'example.com/v1', kind: 'Thing' }] }))
  await settle()
  assert.deepEqual([api.has(configMap('a')), api.has(configMap('b'))], [false, true])
})

test('a namespace that is deleted takes nothing new, is emptied, and goes', async (t) => {
  const { api, settle } = await rig(t)
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
  await api.create(namespace)
  await api.create(configMap('a', { namespace: 'shop' }))
  await api.create(configMap('held', { namespace: 'shop', finalizers: ['example.com/wait'] }))
  await api.delete(namespace)
  await settle()
  assert.equal((api.get(namespace).status as JsonObject).phase, 'Terminating')
  assert.equal(
    await rejectionOf(api.create(configMap('b', { namespace: 'shop' }))),
    'Forbidden: configmaps "b" is forbidden: unable to create new content in namespace shop because it is being terminated',
  )
  await api.patch(configMap('held', { namespace: 'shop' }), { metadata: { finalizers: null } })
  await settle()
  assert.deepEqual([api.has(namespace), api.has(configMap('a', { namespace: 'shop' }))], [false, false])
})

test('what was left undone when the server ended is done when it begins again', async (t) => {
  const api = new ObjectRig()
  await createBuiltInNamespaces(api.context)
  await api.create(configMap('a'))
  await api.create(configMap('b', { ownerReferences: [owner(api, 'a')] }))
  await api.delete(configMap('a'))
  const lifecycle = new Lifecycle(api.context, assert.fail)
  t.after(() => lifecycle.close())
  await lifecycle.idle()
  assert.equal(api.has(configMap('b')), false)
})
