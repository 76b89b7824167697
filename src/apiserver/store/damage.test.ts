import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { openStore } from './open-store.ts'
import type { Store, StoreEvent } from './store.ts'

/** The files of a store as a crash leaves them: name and bytes. */
type Image = ReadonlyMap<string, Buffer>

const MAPS = { group: '', plural: 'configmaps', namespace: undefined }
const FILES = ['head', 'store-1.db', 'store-1.db-wal']
const HISTORY = { events: 40, bytes: 1 << 20 }
const root = mkdtempSync(join(tmpdir(), 'postern-damage-'))
after(() => rmSync(root, { recursive: true }))

const key = (index: number) => ({ group: '', plural: 'configmaps', namespace: 'ns', name: `name-${index}` })
const numbered = (index: number) => ({ index, text: `${index} `.repeat(100) })

/** What a caller can see of a store. */
function viewOf(store: Store) {
  const events: StoreEvent[] = []
  store.watch(MAPS, Math.max(0, store.revision - HISTORY.events), (event) => events.push(event))()
  return { revision: store.revision, objects: store.list(MAPS).objects, events }
}

/**
 * A store that was killed with a live write-ahead log of `live` writes, after `settled` writes that a checkpoint moved into the database.
 * A copy made from outside is what the disk holds; reading the files in this process would give up its locks.
 */
async function crashed(name: string, settled: number, live: number): Promise<{ image: Image; view: unknown }> {
  const directory = join(root, name)
  const first = openStore({ directory, history: HISTORY })
  for (let index = 0; index < settled; index++) await first.put(key(index % 30), numbered(index), undefined)
  await first.close()
  const second = openStore({ directory, history: HISTORY })
  for (let index = 0; index < live; index++) await second.put(key((index * 7) % 40), numbered(1000 + index), undefined)
  await second.delete(key(0), undefined)
  const view = viewOf(second)
  execFileSync('cp', ['-r', directory, `${directory}-copy`])
  await second.close()
  const image = new Map(FILES.map((file) => [file, readFileSync(join(`${directory}-copy`, file))]))
  return { image, view }
}

let made = 0

/** Opens a store of these files: what it shows, or the code of its refusal. Whoever refuses must leave the files alone. */
async function opened(image: Image): Promise<unknown> {
  const directory = join(root, `damaged-${made++}`)
  mkdirSync(directory)
  for (const [file, bytes] of image) writeFileSync(join(directory, file), bytes)
  try {
    const store = openStore({ directory, history: HISTORY })
    const view = viewOf(store)
    await store.close()
    return view
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown))
    for (const [file, bytes] of image)
      assert.deepEqual(readFileSync(join(directory, file)), bytes, `${file} was changed`)
    const others = readdirSync(directory).filter((file) => !image.has(file))
    assert.deepEqual(
      others.filter((file) => !/^(lock|owner|store-1\.db-(shm|wal))$/.test(file)),
      [],
    )
    return thrown.code
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Offsets all over a file: its first bytes, the borders of its pages and frames, and a stride that is a multiple of nothing. */
function offsetsOf(bytes: Buffer, stride: number): readonly number[] {
  const offsets = new Set<number>()
  for (let at = 0; at < 100; at += 5) offsets.add(at)
  for (let at = 0; at < bytes.length; at += 5 * 4096) offsets.add(at + 8)
  for (let at = 32; at < bytes.length; at += 9 * 4120) for (const more of [0, 4, 8, 16]) offsets.add(at + more)
  for (let at = 57; at < bytes.length; at += stride) offsets.add(at)
  return [...offsets].filter((at) => at < bytes.length)
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1 << (at % 8)
  return changed
}

for (const [name, settled, live] of [
  ['a log alone', 0, 25],
  ['a database and a log', 90, 20],
] as const) {
  test(`a byte that changed, or an end that is gone, loses nothing silently: ${name}`, async () => {
    const { image, view } = await crashed(name.replaceAll(' ', '-'), settled, live)
    assert.deepEqual(await opened(image), view, 'whole files open')
    const seen = { whole: 0, refused: 0 }
    const codes = ['store/corrupt', 'store/version']
    const judge = async (file: string, bytes: Buffer, what: string) => {
      const outcome = await opened(new Map([...image, [file, bytes]]))
      if (typeof outcome === 'string') assert.ok(codes.includes(outcome), `${file} ${what}: ${outcome}`)
      else assert.deepEqual(outcome, view, `${file} ${what}`)
      seen[typeof outcome === 'string' ? 'refused' : 'whole']++
    }
    for (const [file, bytes] of image) {
      for (const at of offsetsOf(bytes, 12_007)) await judge(file, flipped(bytes, at), `flipped at ${at}`)
      for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 12)) {
        await judge(file, bytes.subarray(0, at), `cut at ${at}`)
      }
    }
    assert.ok(seen.refused > 20 && seen.whole > 5, JSON.stringify(seen))
  })
}

test('a file that is missing is no new store', async () => {
  const { image } = await crashed('missing', 40, 10)
  for (const file of FILES) {
    const rest = new Map([...image].filter(([name]) => name !== file))
    assert.equal(await opened(rest), 'store/corrupt', file)
  }
})

test('an older database is not taken for the newest', async () => {
  const older = await crashed('older', 20, 5)
  const newer = await crashed('newer', 20, 8)
  const mixed = new Map([...older.image, ['head', newer.image.get('head')!]])
  assert.equal(await opened(mixed), 'store/corrupt')
})

test('a log that ends anywhere, as a loss of power leaves it, shows a state that was there', async () => {
  const directory = join(root, 'power')
  const store = openStore({ directory, history: HISTORY })
  const views = [viewOf(store)]
  const head = readFileSync(join(directory, 'head'))
  for (let index = 0; index < 12; index++) {
    await store.put(key(index % 5), numbered(index), undefined)
    views.push(viewOf(store))
  }
  execFileSync('cp', ['-r', directory, `${directory}-copy`])
  await store.close()
  const [database, log] = ['store-1.db', 'store-1.db-wal'].map((file) => readFileSync(join(`${directory}-copy`, file)))
  const revisions = new Set<number>()
  for (let end = 0; end <= log!.length; end += 1_777) {
    const view = (await opened(
      new Map([
        ['head', head],
        ['store-1.db', database!],
        ['store-1.db-wal', log!.subarray(0, end)],
      ]),
    )) as { revision: number }
    assert.deepEqual(view, views[view.revision], `cut at ${end}`)
    revisions.add(view.revision)
  }
  assert.ok(revisions.size > 10)
})

test('a checkpoint that was cut off anywhere is made up for from the log', async () => {
  const directory = join(root, 'checkpoint')
  const store = openStore({ directory, history: HISTORY })
  for (let index = 0; index < 60; index++) await store.put(key(index % 20), numbered(index), undefined)
  const view = viewOf(store)
  execFileSync('cp', ['-r', directory, `${directory}-copy`])
  await store.close()
  const after = readFileSync(join(directory, 'store-1.db'))
  const image = new Map(FILES.map((file) => [file, readFileSync(join(`${directory}-copy`, file))]))
  const before = Buffer.alloc(after.length)
  image.get('store-1.db')!.copy(before)
  for (let seed = 1; seed < 40; seed++) {
    const mixed = Buffer.from(before)
    for (let page = 0; page * 4096 < after.length; page++) {
      // Any of the pages may have reached the disk, in any order.
      if ((page * 2654435761 * seed) % 97 < 50) after.copy(mixed, page * 4096, page * 4096, (page + 1) * 4096)
    }
    assert.deepEqual(await opened(new Map([...image, ['store-1.db', mixed]])), view)
  }
})
