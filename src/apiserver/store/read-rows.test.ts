import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { openStore } from './open-store.ts'

const root = mkdtempSync(join(tmpdir(), 'postern-rows-'))
const directory = join(root, 'store')
after(() => rmSync(root, { recursive: true }))

const key = (name: string) => ({ group: '', plural: 'configmaps', namespace: 'ns', name })

before(async () => {
  const store = openStore({ directory })
  await store.put(key('a'), { n: 1 }, 0)
  await store.put(key('a'), { n: 2 }, 1)
  await store.put(key('b'), { n: 3 }, 0)
  await store.delete(key('b'), 3)
  await store.put(key('c'), { n: 5 }, 0)
  await store.close()
})

/** Opens a copy of the store in which `sql` was run: the tables are sound, their content is not what the store wrote. */
function openAfter(sql: string, name: string): void {
  const copy = join(root, name)
  cpSync(directory, copy, { recursive: true })
  const path = join(copy, 'store-1.db')
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
  const bytes = readFileSync(path)
  try {
    openStore({ directory: copy })
  } finally {
    assert.ok(readFileSync(path).equals(bytes), 'nothing is repaired')
  }
}

const CORRUPTIONS: Readonly<Record<string, readonly [sql: string, message: RegExp]>> = {
  'a value was changed': [
    `UPDATE objects SET value = CAST('{"n":3}' AS BLOB) WHERE name = 'a'`,
    /checksum of configmaps "ns\/a"/,
  ],
  'a name was changed': [`UPDATE objects SET name = 'z' WHERE name = 'a'`, /checksum of configmaps "ns\/z"/],
  'a revision was changed': [`UPDATE objects SET revision = 4 WHERE name = 'a'`, /checksum of configmaps "ns\/a"/],
  'an object is missing': [`DELETE FROM objects WHERE name = 'a'`, /objects are missing/],
  'the head is older': ['UPDATE head SET revision = 4', /checksum of its head/],
  'the head is missing': ['DELETE FROM head', /checksum of its head/],
  'an event is missing': ['DELETE FROM history WHERE at = 2', /history has gaps/],
  'an event is at another place': ['UPDATE history SET at = 9 WHERE at = 5', /history has gaps/],
  'an event was changed': [`UPDATE history SET change = 'put' WHERE at = 4`, /checksum of revision 4/],
  'a table is missing': ['DROP TABLE history', /no such table/],
  'it is of somebody else': ['PRAGMA application_id = 1', /not a database of Postern/],
  'its version is no version': ['PRAGMA user_version = 0', /version is 0/],
}

for (const [what, [sql, message]] of Object.entries(CORRUPTIONS)) {
  test(`a database is refused when ${what}`, () => {
    assert.throws(() => openAfter(sql, what.replaceAll(/\W/g, '-')), {
      code: 'store/corrupt',
      message,
      mend: /postern restore/,
    })
  })
}

test('an object of an older revision, whole in itself, does not pass for the newest', async () => {
  const older = join(root, 'older')
  cpSync(directory, older, { recursive: true })
  const store = openStore({ directory: older })
  await store.put(key('c'), { n: 6 }, 5)
  await store.close()
  const database = new DatabaseSync(join(older, 'store-1.db'))
  database.exec(`ATTACH '${join(directory, 'store-1.db')}' AS before`)
  database.exec(`REPLACE INTO main.objects SELECT * FROM before.objects WHERE name = 'c'`)
  database.close()
  assert.throws(() => openStore({ directory: older }), { code: 'store/corrupt', message: /not the newest/ })
})

test('a database of a newer version is refused as such', () => {
  assert.throws(() => openAfter('PRAGMA user_version = 2', 'newer'), {
    code: 'store/version',
    message: /version 2, .* knows 1/,
  })
})
