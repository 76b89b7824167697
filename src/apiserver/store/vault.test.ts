import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { backupStore } from './backup-store.ts'
import { openStore } from './open-store.ts'
import { Vault } from './vault.ts'

const SECRETS = { group: '', plural: 'secrets' }
const key = (name: string) => ({ ...SECRETS, namespace: 'ns', name })

function place(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'postern-vault-'))
  t.after(() => rmSync(root, { recursive: true }))
  const keyFile = join(root, 'keys', 'secrets.key')
  return { root, keyFile, options: { directory: join(root, 'store'), encrypted: { keyFile, kinds: [SECRETS] } } }
}

test('no file of the store, its log, its history and its backup holds the value of a Secret', async (t) => {
  const { root, options } = place(t)
  const store = openStore(options)
  const words = ['correct horse', 'battery staple', 'was deleted']
  await store.put(key('a'), { data: words[0] }, 0)
  await store.put(key('a'), { data: words[1] }, 1)
  await store.put(key('b'), { data: words[2] }, 0)
  await store.delete(key('b'), undefined)
  await store.put({ ...key('m'), plural: 'configmaps' }, { data: 'in the clear' }, 0)
  backupStore(options.directory, join(root, 'backup.db'))
  // From outside: reading the files in this process would give up the locks that it has on them.
  execFileSync('cp', ['-r', options.directory, join(root, 'open')])
  await store.close()
  const found: string[] = []
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!statSync(join(root, path)).isFile()) continue
    const bytes = readFileSync(join(root, path))
    for (const word of [...words, 'in the clear']) if (bytes.includes(word)) found.push(`${path}: ${word}`)
  }
  // What is not sealed is found, so the search can find something.
  assert.deepEqual(found.sort(), [
    'backup.db: in the clear',
    'open/store-1.db-wal: in the clear',
    'store/store-1.db: in the clear',
  ])
})

test('sealed values and their history are read again with the key', async (t) => {
  const { options } = place(t)
  const store = openStore(options)
  await store.put(key('a'), { data: 'one' }, 0)
  await store.put(key('a'), { data: 'two' }, 1)
  await store.close()
  const again = openStore(options)
  t.after(() => again.close())
  assert.deepEqual(again.get(key('a'))?.value, { data: 'two' })
  const old = again.list({ ...SECRETS, namespace: 'ns' }, 1, { after: key(''), revision: 1 })
  assert.deepEqual(old.objects, [{ key: key('a'), revision: 1, value: { data: 'one' } }])
})

test('the key file is made for a new store, with mode 0600, and is required from then on', async (t) => {
  const { keyFile, options } = place(t)
  await openStore(options).close()
  assert.equal(statSync(keyFile).mode & 0o777, 0o600)
  assert.equal(statSync(keyFile).size, 32)
  const bytes = readFileSync(keyFile)
  const refused = (message: RegExp) => assert.throws(() => openStore(options), { code: 'store/key', message })
  chmodSync(keyFile, 0o640)
  refused(/open to others: its mode is 0640/)
  chmodSync(keyFile, 0o600)
  truncateSync(keyFile, 31)
  refused(/holds 31 bytes/)
  writeFileSync(keyFile, Buffer.alloc(32))
  refused(/are sealed with/)
  rmSync(keyFile)
  refused(/is missing/)
  assert.throws(() => openStore({ directory: options.directory }), { code: 'store/key', message: /no key is named/ })
  writeFileSync(keyFile, bytes, { mode: 0o600 })
  await openStore(options).close()
})

test('a sealed value opens in its own place only', () => {
  const vault = new Vault(Buffer.alloc(32, 1))
  const sealed = vault.seal(key('a'), 7, Buffer.from('secret'))
  assert.equal(vault.open(key('a'), 7, sealed).toString(), 'secret')
  assert.notDeepEqual(vault.seal(key('a'), 7, Buffer.from('secret')), sealed, 'no nonce is used twice')
  assert.throws(() => vault.open(key('b'), 7, sealed))
  assert.throws(() => vault.open({ ...key('a'), namespace: 'other' }, 7, sealed))
  assert.throws(() => vault.open({ ...key('a'), plural: 'configmaps' }, 7, sealed))
  assert.throws(() => vault.open({ ...key('a'), group: 'other' }, 7, sealed))
  assert.throws(() => vault.open(key('a'), 8, sealed))
  assert.throws(() => new Vault(Buffer.alloc(32, 2)).open(key('a'), 7, sealed))
  for (const at of sealed.keys()) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    assert.throws(() => vault.open(key('a'), 7, changed), `byte ${at}`)
  }
})
