import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Command } from 'commander'
import { openStore } from '#apiserver/store/open-store.ts'
import type { VerbIo } from '#cli/verb-io.ts'
import { stateDirectory, storeOptions } from './state-directory.ts'
import { addStateVerbs } from './state-verbs.ts'

function run(...words: readonly string[]) {
  let stdout = ''
  let stderr = ''
  const io: VerbIo = { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } }
  const program = new Command('postern').exitOverride()
  addStateVerbs(program, io)
  program.parse([...words], { from: 'user' })
  return { stdout, stderr }
}

async function stateWith(t: TestContext, plural: string) {
  const root = mkdtempSync(join(tmpdir(), 'postern-state-'))
  t.after(() => rmSync(root, { recursive: true }))
  const state = join(root, 'state')
  const store = openStore(storeOptions(state))
  await store.put({ group: '', plural, namespace: 'ns', name: 'a' }, { data: 'x' }, 0)
  await store.close()
  return { root, state, file: join(root, 'backup.db') }
}

test('what is backed up is restored, and what was there is kept', async (t) => {
  const { root, state, file } = await stateWith(t, 'configmaps')
  const { stdout } = run('backup', file, '--state', state)
  assert.equal(stdout, `${file}: 1 object at revision 1\n`)
  assert.throws(() => run('restore', file, '--state', state), { code: 'store/exists' })
  assert.equal(
    run('restore', file, '--state', state, '--force').stdout,
    `Restored 1 object at revision 2\nWhat was there is kept: ${join(state, 'store', 'store-1.db')}\n`,
  )
  const elsewhere = join(root, 'elsewhere')
  assert.equal(run('restore', file, '--state', elsewhere).stdout, 'Restored 1 object at revision 2\n')
})

test('both verbs say which key the Secrets need', async (t) => {
  const { root, state, file } = await stateWith(t, 'secrets')
  assert.match(
    run('backup', file, '--state', state).stderr,
    new RegExp(`key file ${join(state, 'store.key')} \\(key [0-9a-f]{16}\\)`),
  )
  assert.equal(run('restore', file, '--state', state, '--force').stderr, '')
  const elsewhere = join(root, 'elsewhere')
  assert.match(
    run('restore', file, '--state', elsewhere).stderr,
    /^warning: its Secrets need key [0-9a-f]{16}: put that key file at .*store\.key/,
  )
})

test('state lies where the user says, else where the desktop specification says', (t) => {
  const { XDG_STATE_HOME: before, HOME: home } = process.env
  t.after(() => {
    if (before === undefined) delete process.env.XDG_STATE_HOME
    else process.env.XDG_STATE_HOME = before
  })
  process.env.XDG_STATE_HOME = '/state'
  assert.equal(stateDirectory('/named'), '/named')
  assert.equal(stateDirectory(undefined), '/state/postern')
  process.env.XDG_STATE_HOME = 'relative'
  assert.equal(stateDirectory(undefined), join(home ?? '', '.local/state/postern'))
})
