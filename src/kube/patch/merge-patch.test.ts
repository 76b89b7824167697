import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equalJson, getOwn, isJsonMap } from '#kube/json-value.ts'
import { applyMergePatch } from './merge-patch.ts'

test('maps are merged, null takes away and everything else replaces', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c', d: 1 } }, { a: { b: 'd', c: null } }, { a: { b: 'd', d: 1 } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a', 'b'], { c: 1 }, { c: 1 }],
    [{ a: 1 }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [value, patch, wanted] of cases) {
    const before = structuredClone(value)
    assert.deepEqual(applyMergePatch(value, patch), wanted)
    assert.deepEqual(value, before)
  }
})

const withoutNulls = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    fc.array(fc.integer()),
    fc.dictionary(fc.string(), tie('value')),
  ),
})).value

function diff(from: unknown, to: unknown): unknown {
  if (!isJsonMap(to) || !isJsonMap(from)) return to
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name))
  return Object.fromEntries([
    ...gone.map((name) => [name, null]),
    ...Object.entries(to).map(([name, value]) => [name, diff(getOwn(from, name), value)]),
  ])
}

test('a merge patch that was made from two values makes the one of the other, once and again', () => {
  fc.assert(
    fc.property(withoutNulls, withoutNulls, (from, to) => {
      const patch = diff(from, to)
      const once = applyMergePatch(from, patch)
      assert.ok(equalJson(once, to), JSON.stringify({ from, to, patch, once }))
      assert.ok(equalJson(applyMergePatch(once, patch), once))
    }),
  )
})
