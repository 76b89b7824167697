import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListOptions } from '#kube/list-options.ts'
import { configMap, ObjectRig, refusalOf } from '#test/object-rig.ts'
import { createBuiltInNamespaces } from './built-in-namespaces.ts'
import { listObjects } from './read.ts'

async function rigOf(names: readonly string[], history?: { events: number; bytes: number }): Promise<ObjectRig> {
  const api = new ObjectRig(history)
  await createBuiltInNamespaces(api.context)
  for (const name of names) await api.create(configMap(name, { labels: { first: name[0] } }))
  return api
}

function list(api: ObjectRig, query: Readonly<Record<string, string>> = {}) {
  const target = { served: api.served('v1', 'ConfigMap'), namespace: 'default' }
  return listObjects(api.context.store, target, parseListOptions(new URLSearchParams(query)))
}

test('the pages of one listing show one state, whatever is written between them', async () => {
  const api = await rigOf(['a1', 'a2', 'b1', 'b2', 'c1'])
  const names: string[] = []
  const left: (number | undefined)[] = []
  let page = list(api, { limit: '2' })
  const { revision } = page
  for (;;) {
    names.push(...page.objects.map(({ key }) => key.name))
    left.push(page.remaining)
    if (page.continue === undefined) break
    await api.create(configMap(`zz${names.length}`))
    page = list(api, { limit: '2', continue: page.continue })
    assert.equal(page.revision, revision)
  }
  assert.deepEqual(names, ['a1', 'a2', 'b1', 'b2', 'c1'])
  assert.deepEqual(left, [3, 1, undefined])
})

test('a page is full although most objects are not selected, and says nothing of how many follow', async () => {
  const api = await rigOf(['a1', 'b1', 'a2', 'b2', 'a3'])
  const { objects, remaining, continue: token } = list(api, { limit: '2', labelSelector: 'first=a' })
  assert.deepEqual(
    objects.map(({ key }) => key.name),
    ['a1', 'a2'],
  )
  assert.equal(remaining, undefined)
  assert.notEqual(token, undefined)
})

test('a state can be asked for exactly, until the history forgets it', async () => {
  const api = await rigOf(['a', 'b'], { events: 4, bytes: 1 << 20 })
  const { store } = api.context
  const resourceVersion = String(store.revision)
  await api.delete(configMap('a'))
  const at = (resourceVersionMatch: string) => list(api, { resourceVersion, resourceVersionMatch }).objects.length
  assert.deepEqual([at('Exact'), at('NotOlderThan')], [2, 1])
  for (let index = 0; index < 10; index++) await api.create(configMap(`c${index}`))
  assert.match(String(refusalOf(() => at('Exact'))), /^Expired: too old resource version/)
})

test('a token of a state that is forgotten asks for a new listing, and any other text is none', async () => {
  const api = await rigOf(['a', 'b'], { events: 4, bytes: 1 << 20 })
  const { continue: token = '' } = list(api, { limit: '1' })
  for (let index = 0; index < 10; index++) await api.create(configMap(`c${index}`))
  assert.match(String(refusalOf(() => list(api, { limit: '1', continue: token }))), /^Expired: The provided continue/)
  for (const text of ['nonsense', 'bnVsbA', 'WzFd']) {
    assert.match(String(refusalOf(() => list(api, { continue: text }))), /^BadRequest: continue key is not valid/)
  }
})

test('a state that is not there yet is asked for in vain', async () => {
  const api = await rigOf([])
  assert.match(
    String(refusalOf(() => list(api, { resourceVersion: '999' }))),
    /^Timeout: .*Too large resource version: 999/,
  )
})
