import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { listManifestFiles, readManifestFile } from './manifest-files.ts'
import { YAML_LIMITS } from './yaml-document.ts'

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-manifests-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

test('links to directories are not followed, links to files are, and no file is listed twice', (t) => {
  const at = folder(t)
  mkdirSync(join(at, 'sub'))
  writeFileSync(join(at, 'sub', 'a.yaml'), '')
  symlinkSync('.', join(at, 'circle'))
  symlinkSync('sub/a.yaml', join(at, 'link.yaml'))
  symlinkSync('nowhere', join(at, 'dangling.yaml'))
  const files = listManifestFiles([at, join(at, 'link.yaml'), join(at, 'missing.yaml')])
  assert.deepEqual(
    files.map((file) => file.slice(at.length + 1)),
    ['link.yaml', 'sub/a.yaml', 'missing.yaml'],
  )
})

test('a directory that may not be read is an error, and does not count as empty', (t) => {
  const at = folder(t)
  chmodSync(at, 0o755)
  mkdirSync(join(at, 'shut'))
  writeFileSync(join(at, 'shut', 'a.yaml'), '')
  const { seteuid, geteuid } = process
  const root = geteuid?.() === 0
  for (const mode of [0o000, 0o400, 0o100]) {
    chmodSync(join(at, 'shut'), mode)
    if (root) seteuid?.(65_534)
    try {
      assert.deepEqual(listManifestFiles([at]).slice(0, 1), [join(at, 'shut')])
      const [message] = readManifestFile(join(at, 'shut')).messages
      assert.equal(message?.text, 'the directory cannot be read: permission denied')
    } finally {
      if (root) seteuid?.(0)
    }
  }
  chmodSync(join(at, 'shut'), 0o700)
})

test('what cannot be read is an error and no crash', (t) => {
  const at = folder(t)
  writeFileSync(join(at, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9]))
  writeFileSync(join(at, 'large.yaml'), Buffer.alloc(YAML_LIMITS.bytes + 1, ' '))
  const textOf = (name: string) =>
    readManifestFile(join(at, name))
      .messages.map((message) => message.text)
      .join()
  assert.equal(textOf('latin1.yaml'), 'the file is not UTF-8 text')
  assert.equal(textOf('large.yaml'), `the file is larger than ${YAML_LIMITS.bytes} bytes`)
  assert.match(textOf('missing.yaml'), /^cannot be read: ENOENT/)
  assert.match(textOf('.'), /^cannot be read: EISDIR/)
})
