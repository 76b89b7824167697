import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { backupStore, restoreStore } from './backup-store.ts'
import { installDatabase } from './database-files.ts'
import { openStore } from './open-store.ts'

const MAPS = { group: '', plural: 'configmaps', namespace: undefined }
const key = (name: string) => ({ group: '', plural: 'configmaps', namespace: 'ns', name })

function place(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'postern-backup-'))
  t.after(() => rmSync(root, { recursive: true }))
  return { directory: join(root, 'store'), file: join(root, 'backup.db'), other: join(root, 'other'), root }
}

async function write(directory: string, ...names: readonly string[]): Promise<void> {
  const store = openStore({ directory })
  for (const name of names) await store.put(key(name), { name }, undefined)
  await store.close()
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const store = openStore({ directory })
  const names = store.list(MAPS).objects.map(({ key: { name } }) => name)
  await store.close()
  return names
}

test('a backup of an open store is one file of mode 0600 that another place can be restored from', async (t) => {
  const { directory, file, other, root } = place(t)
  const store = openStore({ directory })
  t.after(() => store.close())
  await store.put(key('a'), { name: 'a' }, 0)
  assert.deepEqual(backupStore(directory, file), { revision: 1, objects: 1, keyId: '' })
  assert.deepEqual(readdirSync(root).sort(), ['backup.db', 'store'])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  await store.put(key('b'), { name: 'b' }, 0)
  assert.deepEqual(restoreStore(file, other, false), { revision: 2, objects: 1, keyId: '', replaced: undefined })
  assert.deepEqual(await namesIn(other), ['a'])
  assert.equal(backupStore(directory, file).objects, 2, 'a newer backup takes the place of an older one')
})

test('a restore goes above every revision that was told of, and whoever watches lists anew', async (t) => {
  const { directory, file } = place(t)
  await write(directory, 'a')
  backupStore(directory, file)
  await write(directory, 'b', 'c')
  const { revision, replaced } = restoreStore(file, directory, true)
  assert.equal(revision, 4)
  assert.equal(replaced, join(directory, 'store-1.db'))
  const left = readdirSync(directory).filter((name) => /^(head|store-)/.test(name) && !/-(wal|shm)$/.test(name))
  assert.deepEqual(left.sort(), ['head', 'store-1.db', 'store-2.db'])
  assert.ok(!existsSync(join(directory, 'store-2.db.new-wal')))
  const store = openStore({ directory })
  assert.deepEqual(store.get(key('a')), { key: key('a'), revision: 1, value: { name: 'a' } })
  assert.equal(store.get(key('b')), undefined)
  assert.throws(() => store.watch(MAPS, 3, () => {}), { code: 'store/compacted' })
  const outcome = await store.put(key('d'), {}, 0)
  assert.equal(outcome.kind === 'written' && outcome.object.revision, 5)
  await store.close()
  restoreStore(replaced ?? '', directory, true)
  assert.deepEqual(await namesIn(directory), ['a', 'b', 'c'], 'what was replaced can be put back')
})

test('a store is not replaced unasked, nor while it is open', async (t) => {
  const { directory, file } = place(t)
  await write(directory, 'a')
  backupStore(directory, file)
  assert.throws(() => restoreStore(file, directory, false), { code: 'store/exists' })
  const store = openStore({ directory })
  assert.throws(() => restoreStore(file, directory, true), { code: 'store/locked' })
  await store.close()
  assert.deepEqual(await namesIn(directory), ['a'])
})

test('a damaged backup, or another file, replaces nothing', async (t) => {
  const { directory, file, root } = place(t)
  await write(directory, 'a', 'b')
  backupStore(directory, file)
  const whole = readFileSync(file)
  const changed = Buffer.from(whole)
  const at = changed.indexOf('{"name":"b"}')
  changed[at + 9] = 'c'.charCodeAt(0)
  const foreign = join(root, 'foreign.db')
  const database = new DatabaseSync(foreign)
  database.exec('CREATE TABLE objects (a)')
  database.close()
  for (const bytes of [
    changed,
    whole.subarray(0, -1),
    whole.subarray(0, 4096),
    Buffer.alloc(0),
    Buffer.from('text'),
    readFileSync(foreign),
  ]) {
    writeFileSync(file, bytes)
    assert.throws(() => restoreStore(file, directory, true), { code: 'store/backup' })
  }
  assert.throws(() => restoreStore(join(root, 'none'), directory, true), { code: 'store/backup' })
  assert.deepEqual(
    readdirSync(directory).filter((name) => /\.db(\.new)?$/.test(name)),
    ['store-1.db'],
  )
  assert.deepEqual(await namesIn(directory), ['a', 'b'])
})

test('a damaged store can be replaced, and the damaged database is kept as it is', async (t) => {
  const { directory, file } = place(t)
  await write(directory, 'a')
  backupStore(directory, file)
  const damaged = readFileSync(join(directory, 'store-1.db')).subarray(0, 5000)
  writeFileSync(join(directory, 'store-1.db'), damaged)
  assert.throws(() => openStore({ directory }), { code: 'store/corrupt' })
  restoreStore(file, directory, true)
  assert.deepEqual(await namesIn(directory), ['a'])
  assert.deepEqual(readFileSync(join(directory, 'store-1.db')), damaged)
})

test('what is damaged is not backed up over what is not', async (t) => {
  const { directory, file, root } = place(t)
  assert.throws(() => backupStore(directory, file), { code: 'store/absent' })
  await write(directory, 'a')
  backupStore(directory, file)
  const whole = readFileSync(file)
  assert.throws(() => backupStore(directory, join(root, 'none', 'b.db')), { code: 'store/backup' })
  const path = join(directory, 'store-1.db')
  const bytes = readFileSync(path)
  bytes[bytes.indexOf('{"name":"a"}') + 9] = 'b'.charCodeAt(0)
  writeFileSync(path, bytes)
  const message = new RegExp(`^the database "${path}" is damaged: the checksum of configmaps "ns/a" does not match$`)
  assert.throws(() => backupStore(directory, file), { code: 'store/corrupt', message })
  assert.deepEqual(readFileSync(file), whole)
  assert.ok(!existsSync(`${file}.new`))
})

test('a restore that is interrupted leaves the old store or the new one', async (t) => {
  const { directory, file } = place(t)
  await write(directory, 'a')
  backupStore(directory, file)
  await write(directory, 'b')
  const interrupted = () =>
    installDatabase(directory, 'store-2.db', (path) => {
      writeFileSync(path, 'half of a databa')
      throw new Error('killed')
    })
  assert.throws(interrupted, /killed/)
  assert.deepEqual(await namesIn(directory), ['a', 'b'])
  restoreStore(file, directory, true)
  renameSync(join(directory, 'store-2.db'), join(directory, 'store-2.db.new'))
  assert.deepEqual(await namesIn(directory), ['a'], 'killed before the last step')
})

test('a backup does not take the place of the store itself', async (t) => {
  const { directory } = place(t)
  await write(directory, 'a')
  assert.throws(() => backupStore(directory, join(directory, 'store-1.db')), { code: 'store/backup' })
  assert.deepEqual(await namesIn(directory), ['a'])
})
