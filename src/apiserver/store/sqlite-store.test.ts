import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createTables, MEMORY } from './database.ts'
import { Journal, writeHead } from './journal.ts'
import { loadState } from './load-state.ts'
import { openMemoryStore } from './open-store.ts'
import { readRows } from './read-rows.ts'
import { EMPTY_DIGEST } from './rows.ts'
import { SqliteStore } from './sqlite-store.ts'
import type { StoreEvent } from './store.ts'

const MAPS = { group: '', plural: 'configmaps', namespace: undefined }
const key = (name: string, namespace = 'ns') => ({ group: '', plural: 'configmaps', namespace, name })

/** A store over a database that the test can spoil. */
function spoilable() {
  const database = new DatabaseSync(MEMORY)
  createTables(database, () => writeHead(database, { revision: 0, compacted: 0, digest: EMPTY_DIGEST, key_id: '' }))
  const rows = readRows(database, MEMORY, 0)
  const limit = { events: 100, bytes: 1 << 30 }
  const journal = new Journal({ database, headFile: undefined, sealing: undefined, limit, rows })
  return { database, store: new SqliteStore(journal, loadState(rows, MEMORY, undefined), () => {}) }
}

test('a group that a full disk refuses leaves nothing behind, and the next one that fits is written', async () => {
  const { database, store } = spoilable()
  await store.put(key('a'), { n: 1 }, 0)
  const told: StoreEvent[] = []
  store.watch(MAPS, 1, (event) => told.push(event))
  const pages = (database.prepare('PRAGMA page_count').get() as { page_count: number }).page_count
  database.exec(`PRAGMA max_page_count = ${pages + 2}`)
  const group = await Promise.allSettled([
    store.put(key('b'), {}, 0),
    store.put(key('c'), { text: 'x'.repeat(100_000) }, 0),
  ])
  for (const one of group) assert.equal(one.status === 'rejected' && one.reason.code, 'store/write')
  assert.deepEqual([store.revision, store.list(MAPS).objects.length, told], [1, 1, []])
  const outcome = await store.put(key('b'), { n: 2 }, 0)
  assert.equal(outcome.kind === 'written' && outcome.object.revision, 2)
  assert.deepEqual(
    told.map(({ object }) => object.key.name),
    ['b'],
  )
  assert.equal(readRows(database, MEMORY, 2).objects.length, 2)
})

test('writes of one turn share a transaction, and a flood leaves other work its turn', async (t) => {
  const { database, store } = spoilable()
  const exec = t.mock.method(database, 'exec')
  const commits = () => exec.mock.calls.filter(({ arguments: [sql] }) => sql === 'COMMIT').length
  await Promise.all(['a', 'b', 'c'].map((name) => store.put(key(name), {}, 0)))
  assert.equal(commits(), 1)
  let between = 0
  const flood = Array.from({ length: 1000 }, (_, index) => store.put(key(`f${index}`), {}, 0))
  setImmediate(() => {
    between = store.revision
  })
  await Promise.all(flood)
  assert.ok(between > 3 && between < 1003, `after ${between}`)
  assert.equal(store.revision, 1003)
})

test('after a failure that leaves open what the disk holds nothing more is written', async () => {
  const { database, store } = spoilable()
  await store.put(key('a'), { n: 1 }, 0)
  database.exec('ALTER TABLE history RENAME TO lost')
  await assert.rejects(store.put(key('b'), {}, 0), { code: 'store/write' })
  database.exec('ALTER TABLE lost RENAME TO history')
  await assert.rejects(store.put(key('b'), {}, 0), { code: 'store/write' })
  assert.deepEqual(store.get(key('a'))?.value, { n: 1 }, 'what is there can still be read')
})

test('watchers hear of a group after it is durable, in order, before its writers do', async () => {
  const store = openMemoryStore()
  const heard: string[] = []
  store.watch({ ...MAPS, namespace: 'ns' }, 0, ({ kind, object }) =>
    heard.push(`${kind} ${object.key.name} ${object.revision}`),
  )
  store.watch({ ...MAPS, namespace: 'other' }, 0, () => heard.push('not asked for'))
  const settled = (name: string) => () => heard.push(`settled ${name}`)
  await Promise.all([
    store.put(key('a'), {}, 0).then(settled('a')),
    store.put(key('b'), {}, 0).then(settled('b')),
    store.delete(key('a'), undefined).then(settled('a again')),
  ])
  assert.deepEqual(heard, ['put a 1', 'put b 2', 'delete a 3', 'settled a', 'settled b', 'settled a again'])
  await store.close()
})

test('a watcher that throws is told nothing more, and the others everything', async () => {
  const store = openMemoryStore()
  await store.put(key('old'), {}, 0)
  const calls = { live: 0, late: 0, good: 0 }
  const failing = (which: 'live' | 'late') => () => {
    calls[which]++
    throw new Error('slow')
  }
  store.watch(MAPS, 1, failing('live'))
  store.watch(MAPS, 0, failing('late'))
  store.watch(MAPS, 1, () => calls.good++)
  await Promise.all([store.put(key('a'), {}, 0), store.put(key('b'), {}, 0)])
  assert.deepEqual(calls, { live: 1, late: 1, good: 2 })
  await store.close()
})

test('a watch that begins or stops while events are told neither repeats nor misses any', async () => {
  const store = openMemoryStore()
  const first: number[] = []
  const second: number[] = []
  const stop = store.watch(MAPS, 0, ({ object }) => {
    first.push(object.revision)
    if (object.revision === 1) store.watch(MAPS, 0, (event) => second.push(event.object.revision))
    if (object.revision === 2) stop()
  })
  await Promise.all(['a', 'b', 'c'].map((name) => store.put(key(name), {}, 0)))
  await store.put(key('d'), {}, 0)
  assert.deepEqual(
    [first, second],
    [
      [1, 2],
      [1, 2, 3, 4],
    ],
  )
  await store.close()
})

test('pages of a listing show one state, whatever is written in between', async () => {
  const store = openMemoryStore()
  for (const name of ['c', 'a', 'b']) await store.put(key(name), { name }, 0)
  const first = store.list(MAPS, 2)
  assert.deepEqual(
    [first.objects.map(({ key: { name } }) => name), first.remaining, first.revision],
    [['a', 'b'], 1, 3],
  )
  await Promise.all([store.delete(key('c'), undefined), store.put(key('b2'), {}, 0), store.put(key('c'), {}, 0)])
  const second = store.list(MAPS, 2, first.next)
  assert.deepEqual(second, {
    objects: [{ key: key('c'), revision: 1, value: { name: 'c' } }],
    revision: 3,
    next: undefined,
    remaining: 0,
  })
  assert.throws(() => store.list(MAPS, 2, { after: key('a'), revision: 99 }), { code: 'store/compacted' })
  await store.close()
})

test('the history is bounded by events and by bytes', async () => {
  const byEvents = openMemoryStore({ events: 3, bytes: 1 << 30 })
  for (let n = 1; n <= 5; n++) await byEvents.put(key('a'), { n }, undefined)
  assert.throws(() => byEvents.watch(MAPS, 1, () => {}), { code: 'store/compacted' })
  byEvents.watch(MAPS, 2, () => {})()
  const byBytes = openMemoryStore({ events: 1000, bytes: 10_000 })
  for (let n = 1; n <= 5; n++) await byBytes.put(key('a'), { text: 'x'.repeat(4_000) }, undefined)
  assert.throws(() => byBytes.watch(MAPS, 2, () => {}), { code: 'store/compacted' })
  byBytes.watch(MAPS, 3, () => {})()
})

test('what is stored is what the value was when it was put, as JSON', async () => {
  const store = openMemoryStore()
  const value = { list: [1], absent: undefined }
  const written = store.put(key('a'), value, 0)
  value.list.push(2)
  await written
  assert.deepEqual(Object.entries(store.get(key('a'))?.value ?? {}), [['list', [1]]])
  const circular: Record<string, unknown> = {}
  circular.self = circular
  await assert.rejects(store.put(key('b'), circular, 0), TypeError)
  assert.equal(store.revision, 1)
  await store.close()
  await assert.rejects(store.put(key('b'), {}, 0), { code: 'store/closed' })
})
