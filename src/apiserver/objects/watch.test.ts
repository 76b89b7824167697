import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseLabelSelector } from '#kube/selector.ts'
import { configMap, ObjectRig, refusalOf } from '#test/object-rig.ts'
import { createBuiltInNamespaces } from './built-in-namespaces.ts'
import { selects } from './selection.ts'
import { type ObjectChange, ObjectWatch, type WatchRequest } from './watch.ts'

const SELECTION = { labelSelector: parseLabelSelector('on=yes'), fieldSelector: [] }

async function rig(history?: { events: number; bytes: number }): Promise<ObjectRig> {
  const api = new ObjectRig(history)
  await createBuiltInNamespaces(api.context)
  return api
}

function watchOf(api: ObjectRig, rest: Partial<WatchRequest> = {}): ObjectWatch {
  const target = { served: api.served('v1', 'ConfigMap'), namespace: 'default' }
  const all = { labelSelector: [], fieldSelector: [], resourceVersion: undefined, sendInitialEvents: undefined }
  return new ObjectWatch(api.context.store, target, { ...all, ...rest })
}

/** What a client holds that follows a watch: every event must fit to what it holds. */
class Follower {
  readonly objects = new Map<string, unknown>()
  #taken = 0
  #isFull = false

  /** Takes one change, and every third time has enough. */
  take({ type, object }: ObjectChange): 'more' | 'enough' {
    assert.equal(this.objects.has(object.key.name), type !== 'ADDED', `${type} ${object.key.name}`)
    if (type === 'DELETED') this.objects.delete(object.key.name)
    else this.objects.set(object.key.name, object.value)
    this.#isFull = ++this.#taken % 3 === 0
    return this.#isFull ? 'enough' : 'more'
  }

  /** Follows the watch until nothing is left to be told. */
  catchUp(watch: ObjectWatch): void {
    do {
      this.#isFull = false
      watch.follow((change) => this.take(change))()
    } while (this.#isFull)
  }
}

const STEP = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  act: fc.constantFrom('select', 'deselect', 'delete', 'look'),
})

test('whoever follows a watch with a selector holds what a listing shows, also when the watch was stopped for a while', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 25 }), async (steps) => {
      const api = await rig()
      const watch = watchOf(api, SELECTION)
      const follower = new Follower()
      for (const { name, act } of steps) {
        if (act === 'look') follower.catchUp(watch)
        else await change(api, name, act)
      }
      follower.catchUp(watch)
      const { objects } = api.context.store.list({ group: '', plural: 'configmaps', namespace: 'default' })
      const selected = objects.filter(({ value }) => selects(SELECTION, value))
      assert.deepEqual(
        [...follower.objects.keys()].sort(),
        selected.map(({ key }) => key.name),
      )
      for (const { key, value } of selected) assert.deepEqual(follower.objects.get(key.name), value)
    }),
    { numRuns: 60 },
  )
})

async function change(api: ObjectRig, name: string, act: string): Promise<void> {
  const exists = api.has(configMap(name))
  if (act === 'delete') {
    if (exists) await api.delete(configMap(name))
  } else if (exists) {
    await api.patch(configMap(name), { metadata: { labels: { on: act === 'select' ? 'yes' : 'no' } } })
  } else await api.create(configMap(name, { labels: { on: act === 'select' ? 'yes' : 'no' } }))
}

test('a watch without a state begins with the objects as they are', async () => {
  const api = await rig()
  await api.create(configMap('a'))
  await api.create(configMap('b'))
  const watch = watchOf(api)
  const names = [...watch.initial()].flat().map(({ key }) => key.name)
  assert.deepEqual(names, ['a', 'b'])
  assert.deepEqual([...watchOf(api, { resourceVersion: api.context.store.revision }).initial()], [])
})

test('a watch from a state that the history forgot is refused at once, and one that was stopped too long when it goes on', async () => {
  const api = await rig({ events: 4, bytes: 1 << 20 })
  const resourceVersion = api.context.store.revision
  const watch = watchOf(api, { resourceVersion })
  for (let index = 0; index < 10; index++) await api.create(configMap(`c${index}`))
  assert.match(String(refusalOf(() => watchOf(api, { resourceVersion }))), /^Expired: /)
  assert.match(String(refusalOf(() => watch.follow(() => 'more'))), /^Expired: /)
})
