import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from './repository.ts'

test('docs/denials.md has a paragraph for every denial reason, and none besides', () => {
  const declaration = /export type DenialReason =([\s\S]*?)\n\n/.exec(textOf('src/proxy/denial/denial.ts'))?.[1] ?? ''
  const reasons = [...declaration.matchAll(/\| '(\w+)'/g)].map(([, reason = '']) => reason)
  const paragraphs = [...textOf('docs/denials.md').matchAll(/^<a id="(\w+)"><\/a>\n\*\*`(\w+)`\*\* - \S/gm)]
  assert.ok(reasons.length > 0)
  assert.deepEqual(paragraphs.map(([, , reason = '']) => reason).sort(), reasons.sort())
  for (const [, anchor, reason] of paragraphs) assert.equal(anchor, reason, 'links lead to the reason')
})
