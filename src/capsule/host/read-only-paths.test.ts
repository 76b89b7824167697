import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readOnlyPaths } from './read-only-paths.ts'

test('what is to be read-only is found behind links, with every directory above it; what is covered or no file is left out', (t) => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'read-only-')))
  t.after(() => rmSync(home, { recursive: true }))
  for (const name of ['a', 'a/b', 'covered']) mkdirSync(join(home, name))
  writeFileSync(join(home, 'a/b/rules.yaml'), '')
  writeFileSync(join(home, 'covered/rules.yaml'), '')
  symlinkSync(join(home, 'a'), join(home, 'link'))
  const wanted = [
    join(home, 'link/b/rules.yaml'),
    join(home, 'a/b/rules.yaml'),
    join(home, 'covered/rules.yaml'),
    join(home, 'missing'),
    '/proc/self/status',
    '/dev/null',
  ]
  const { paths, above } = readOnlyPaths(wanted, [join(home, 'covered')], [])
  assert.deepEqual(paths, [join(home, 'a/b/rules.yaml')])
  assert.deepEqual(above.slice(-3), [home, join(home, 'a'), join(home, 'a/b')])
  assert.equal(dirname(above[0] ?? ''), '/')
})

test('what is mounted in two places, or in part, is read-only there too, if it is still itself', (t) => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'read-only-')))
  t.after(() => rmSync(home, { recursive: true }))
  for (const name of ['a', 'b', 'c', 'part']) mkdirSync(join(home, name))
  const [first = '', second = '', third = ''] = ['a', 'b', 'c'].map((name) => join(home, name, 'rules.yaml'))
  writeFileSync(first, '')
  // A second mount shows the same inode; here a link does.
  linkSync(first, second)
  writeFileSync(third, '')
  const mount = (root: string, name: string) => ({ device: '8:1', root, path: join(home, name), type: 'ext4' })
  const mounts = [
    mount('/a', 'a'),
    mount('/a', 'b'),
    mount('/a', 'c'),
    mount('/a', 'missing'),
    mount('/a/part', 'part'),
  ]
  const { paths, above } = readOnlyPaths([first], [], mounts)
  assert.deepEqual(paths, [first, second])
  assert.deepEqual(above.slice(-3), [home, join(home, 'a'), join(home, 'b')])
  const below = [...mounts, { ...mount('/', 'a/b'), device: '0:9' }, { ...mount('/', 'c'), device: '0:9' }]
  mkdirSync(join(home, 'a', 'b'))
  const within = readOnlyPaths([join(home, 'a')], [], below)
  assert.deepEqual(within.paths, [join(home, 'a'), join(home, 'part'), join(home, 'a/b'), join(home, 'c')])
  const directory = readOnlyPaths([join(home, 'a')], [], mounts)
  assert.deepEqual(directory.paths, [join(home, 'a'), join(home, 'part')])
})
