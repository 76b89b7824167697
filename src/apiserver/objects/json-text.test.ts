import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BODY_LIMITS, readJson } from './json-text.ts'

test('fields that are given twice are told with their paths, and the last one counts', () => {
  const text = '{"a":1,"spec":{"hosts":["x"],"ports":[{"n":1},{"n":1,"n":2}],"hosts":[]},"a":{"a":1}}'
  assert.deepEqual(readJson(text), {
    kind: 'value',
    value: { a: { a: 1 }, spec: { hosts: [], ports: [{ n: 1 }, { n: 2 }] } },
    duplicates: ['spec.ports[1].n', 'spec.hosts', 'a'],
  })
})

test('a field is the same however it is escaped, and what stands in strings is no field', () => {
  const read = readJson('{"a\\u0062":"{\\"x\\":1,\\"x\\":2}","ab":"\\\\"}')
  assert.deepEqual(read.kind === 'value' && read.duplicates, ['ab'])
})

test('what nests too deep is refused before it is parsed', () => {
  const deep = '['.repeat(1_000_000)
  assert.deepEqual(readJson(deep), { kind: 'refused', why: `nested deeper than ${BODY_LIMITS.depth} levels` })
  assert.equal(readJson('['.repeat(100) + ']'.repeat(100)).kind, 'value')
})

test('any JSON value is read as it is, without duplicates', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const read = readJson(JSON.stringify(value))
      assert.deepEqual(read, { kind: 'value', value: JSON.parse(JSON.stringify(value)), duplicates: [] })
    }),
  )
})

test('any text is read or refused, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '1') }), (text) => {
      const read = readJson(text)
      assert.equal(read.kind === 'value', isJson(text))
    }),
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
