import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { copyMap, equalJson, getOwn, setOwn } from './json-value.ts'

const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }) as fc.Arbitrary<unknown>

test('values are equal as JSON is, whatever the order of keys', () => {
  assert.ok(equalJson({ a: 1, b: [2] }, { b: [2], a: 1 }))
  assert.ok(!equalJson([1, 2], [2, 1]))
  assert.ok(!equalJson({ a: undefined }, { b: undefined }))
  assert.ok(!equalJson([], {}))
  assert.ok(!equalJson({}, null))
  fc.assert(
    fc.property(json, json, (a, b) => {
      const parsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
      assert.equal(equalJson(parsed(a), parsed(b)), isDeepStrictEqual(parsed(a), parsed(b)))
      assert.ok(equalJson(a, parsed(a)))
    }),
  )
})

test('"__proto__" is a key like any other', () => {
  const given = JSON.parse('{"__proto__":{"admin":true},"a":1}') as Record<string, unknown>
  const copy = copyMap(given)
  assert.deepEqual(Object.keys(copy), ['__proto__', 'a'])
  assert.equal((copy as { admin?: boolean }).admin, undefined)
  setOwn(copy, '__proto__', 7)
  assert.equal(getOwn(copy, '__proto__'), 7)
  assert.equal(getOwn({}, 'constructor'), undefined)
})
