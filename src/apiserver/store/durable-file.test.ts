import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPrivateDirectory } from './durable-file.ts'

test('a directory is made with those above it, for this user alone; those that are there stay as they are', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'postern-durable-'))
  t.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'shared'), { mode: 0o755 })
  createPrivateDirectory(join(root, 'shared/a/b'))
  createPrivateDirectory(join(root, 'shared/a/b'))
  const modes = ['shared', 'shared/a', 'shared/a/b'].map((path) =>
    (statSync(join(root, path)).mode & 0o777).toString(8),
  )
  assert.deepEqual(modes, ['755', '700', '700'])
})

test('where no directory can be made it is told, at once', () => {
  const module = new URL('./durable-file.ts', import.meta.url).href
  const script = `import { createPrivateDirectory } from ${JSON.stringify(module)}; createPrivateDirectory('/proc/nothing/here')`
  const options = { encoding: 'utf8', timeout: 20_000 } as const
  const { stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options)
  assert.equal(signal, null)
  assert.match(stderr, /ENOENT/)
})
