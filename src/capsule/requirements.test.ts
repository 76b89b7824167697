import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspectResolver } from './requirements.ts'

test('what is printed about a resolver that is missing is the command that mends it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-resolver-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [empty, missing, dangling] = ['empty', 'missing', 'dangling'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(empty, 'search example.com')
  symlinkSync(join(folder, 'nowhere/resolv.conf'), dangling)
  for (const file of [empty, missing, dangling]) {
    const { status, mend = '' } = inspectResolver(file)
    assert.equal(status, 'warning', file)
    execFileSync('sh', ['-c', mend.replace(/^sudo /, '')])
    assert.deepEqual(inspectResolver(file), { name: 'resolver', status: 'ok', detail: `1 in ${file}`, mend: undefined })
  }
  assert.equal(readFileSync(empty, 'utf8'), 'search example.com\nnameserver 1.1.1.1\n')
})
