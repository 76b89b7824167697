import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openStore } from './open-store.ts'
import type { StoreEvent } from './store.ts'

const MAPS = { group: '', plural: 'configmaps', namespace: undefined }

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-store-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return join(directory, 'store')
}

const key = (name: string, namespace = 'ns') => ({ group: '', plural: 'configmaps', namespace, name })

test('writes of one turn are decided one after the other', async (t) => {
  const store = openStore({ directory: place(t) })
  t.after(() => store.close())
  const outcomes = await Promise.all([
    store.put(key('a'), { n: 1 }, 0),
    store.put(key('a'), { n: 2 }, 0),
    store.put(key('a'), { n: 3 }, 1),
    store.delete(key('a'), 1),
    store.delete(key('b'), undefined),
    store.delete(key('a'), undefined),
  ])
  const first = { key: key('a'), revision: 1, value: { n: 1 } }
  const second = { key: key('a'), revision: 2, value: { n: 3 } }
  assert.deepEqual(outcomes, [
    { kind: 'written', object: first },
    { kind: 'conflict', now: first },
    { kind: 'written', object: second },
    { kind: 'conflict', now: second },
    { kind: 'conflict', now: undefined },
    { kind: 'written', object: { ...second, revision: 3 } },
  ])
  assert.equal(store.get(key('a')), undefined)
})

test('objects, history and revisions are there after a restart', async (t) => {
  const directory = place(t)
  const before = openStore({ directory })
  const live: StoreEvent[] = []
  before.watch(MAPS, 0, (event) => live.push(event))
  await before.put(key('a'), { n: 1 }, 0)
  await before.put(key('b', 'other'), { n: 2 }, 0)
  await before.put(key('a'), { n: 3 }, 1)
  await before.delete(key('b', 'other'), 2)
  await before.close()

  const store = openStore({ directory })
  t.after(() => store.close())
  assert.equal(store.revision, 4)
  assert.deepEqual(store.list(MAPS).objects, [{ key: key('a'), revision: 3, value: { n: 3 } }])
  const told: StoreEvent[] = []
  store.watch(MAPS, 0, (event) => told.push(event))
  assert.deepEqual(told, live)
  const page = store.list(MAPS, 1, { after: key('a'), revision: 2 })
  assert.deepEqual(page.objects, [{ key: key('b', 'other'), revision: 2, value: { n: 2 } }])
})

test('the directory is 0700 and every file in it 0600', async (t) => {
  const directory = place(t)
  const store = openStore({ directory })
  t.after(() => store.close())
  await store.put(key('a'), {}, 0)
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
  assert.equal(modeOf(directory), '700')
  const names = readdirSync(directory)
  assert.deepEqual(names.sort(), ['head', 'lock', 'owner', 'store-1.db', 'store-1.db-shm', 'store-1.db-wal'])
  for (const name of names) assert.equal(modeOf(join(directory, name)), '600', name)
})

test('a second one is refused, in this process and in another, and told who has the store', async (t) => {
  const directory = place(t)
  const store = openStore({ directory })
  const message = new RegExp(`process ${process.pid}$`)
  assert.throws(() => openStore({ directory }), { code: 'store/locked', message })
  const program = `
    const { openStore } = await import(${JSON.stringify(join(import.meta.dirname, 'open-store.ts'))})
    try { openStore({ directory: ${JSON.stringify(directory)} }) } catch ({ code, message }) { console.log(code + ' ' + message) }
  `
  const node = ['--no-warnings', '--input-type=module', '-e', program]
  const refusal = execFileSync(process.execPath, node, { encoding: 'utf8' }).trim()
  assert.match(refusal, message)
  assert.match(refusal, /^store\/locked /)
  await store.close()
  await openStore({ directory }).close()
})
