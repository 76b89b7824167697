import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceFiles, textOf } from './repository.ts'

/** A fault that came from another process keeps the code that it was given there. */
const PASSED_ON = 'message.code'

/** What stands first in every `new Fault(...)` of the sources: a code in quotes, or an expression. */
function codesInSources(): ReadonlyMap<string, string> {
  const places = new Map<string, string>()
  for (const path of sourceFiles())
    for (const [, first = ''] of textOf(path).matchAll(/new Fault\(\s*('[^']*'|[^,)]*)/g)) places.set(first, path)
  return places
}

test('every fault carries a code of the form room/what, written where it is thrown', () => {
  const others = [...codesInSources()].filter(([code]) => !/^'[a-z]+\/[a-z0-9-]+'$/.test(code) && code !== PASSED_ON)
  assert.deepEqual(others, [])
})

test('docs/errors.md has a row for every code of the sources, and none besides', () => {
  const thrown = [...codesInSources().keys()].filter((code) => code !== PASSED_ON).map((code) => code.slice(1, -1))
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm)]
  assert.deepEqual(rows.map(([, code = '']) => code).sort(), thrown.sort())
})
