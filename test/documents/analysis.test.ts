import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANALYSIS_CODES } from '#control/analyze/codes.ts'
import { textOf } from './repository.ts'

test('docs/analysis.md has a row for every code with its level, and none besides', () => {
  const rows = [...textOf('docs/analysis.md').matchAll(/^\| `(\w+)` \| (\w+) \| [^|]+ \| [^|]+ \|$/gm)]
  const codes = Object.entries(ANALYSIS_CODES).map(([code, { level }]) => `${code} ${level}`)
  assert.deepEqual(rows.map(([, code, level]) => `${code} ${level}`).sort(), codes.sort())
})
