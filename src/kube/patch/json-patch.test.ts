import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equalJson, isJsonMap } from '#kube/json-value.ts'
import { StatusError } from '#kube/status.ts'
import { applyJsonPatch } from './json-patch.ts'

function refusal(value: unknown, patch: unknown): string {
  try {
    applyJsonPatch(value, patch)
  } catch (thrown) {
    assert.ok(thrown instanceof StatusError)
    return `${thrown.status.code} ${thrown.message.replace(/.*our request: /, '')}`
  }
  return 'applied'
}

test('operations add, remove, replace, move and copy what their pointers name', () => {
  const cases: [unknown, unknown[], unknown][] = [
    [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
    [{ a: 1 }, [{ op: 'add', path: '', value: 7 }], 7],
    [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [{ a: [1, 2] }, [{ op: 'replace', path: '/a/1', value: null }], { a: [1, null] }],
    [{ a: { x: 1 }, b: {} }, [{ op: 'move', from: '/a/x', path: '/b/y' }], { a: {}, b: { y: 1 } }],
    [{ a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
    [{ a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { x: 1 }, b: { x: 1 } }],
    // As in Kubernetes, and unlike in the RFC:
    [{ a: [1, 2] }, [{ op: 'replace', path: '/a/-1', value: 3 }], { a: [1, 3] }],
    [{ a: [1, 2] }, [{ op: 'add', path: '/a/-1', value: 3 }], { a: [1, 2, 3] }],
    [{ a: 1 }, [{ op: 'replace', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
    [{ 'a/b~': 1 }, [{ op: 'replace', path: '/a~1b~0', value: 2 }], { 'a/b~': 2 }],
    [{ '': 1 }, [{ op: 'test', path: '/', value: 1 }], { '': 1 }],
    [{ a: { y: [1], x: 2 } }, [{ op: 'test', path: '/a', value: { x: 2, y: [1] } }], { a: { y: [1], x: 2 } }],
  ]
  for (const [value, patch, wanted] of cases) {
    const before = structuredClone(value)
    assert.deepEqual(applyJsonPatch(value, patch), wanted)
    assert.deepEqual(value, before, 'the value stays as it is')
  }
})

test('an operation that does not apply says which and why, and nothing is applied', () => {
  const object = { spec: { ports: [1] } }
  assert.equal(
    refusal(object, [{ op: 'replace', path: '/spec/ports/7', value: 1 }]),
    '422 replace operation does not apply: doc is missing key: /spec/ports/7: missing value',
  )
  assert.equal(
    refusal(object, [{ op: 'replace', path: '/nosuch/x', value: 1 }]),
    '422 replace operation does not apply: doc is missing path: "/nosuch/x": missing value',
  )
  assert.equal(
    refusal(object, [{ op: 'test', path: '/nosuch/x', value: null }]),
    '422 test operation does not apply: is missing path: /nosuch/x: missing value',
  )
  assert.equal(
    refusal(object, [{ op: 'remove', path: '/nosuch/x' }]),
    '422 remove operation does not apply: doc is missing path: "/nosuch/x": missing value',
  )
  assert.equal(
    refusal(object, [{ op: 'remove', path: '/spec/x' }]),
    "422 error in remove for path: '/spec/x': Unable to remove nonexistent key: x: missing value",
  )
  assert.equal(
    refusal(object, [{ op: 'add', path: '/spec/ports/2', value: 1 }]),
    "422 error in add for path: '/spec/ports/2': Unable to access invalid index: 2: invalid index referenced",
  )
  assert.equal(
    refusal(object, [{ op: 'test', path: '/spec/ports/0', value: 2 }]),
    '422 testing value /spec/ports/0 failed: test failed',
  )
  assert.equal(
    refusal(object, [{ op: 'copy', from: '/x', path: '/y' }]),
    '422 copy operation does not apply: doc is missing from path: /x: missing value',
  )
  assert.equal(refusal(object, [{ op: 'spin', path: '/x' }]), '422 Unexpected kind: spin')
  assert.match(refusal(object, [{ op: 'move', from: '/spec', path: '/spec/ports' }]), /cannot move below itself/)
  assert.deepEqual(object, { spec: { ports: [1] } })
})

test('what is no patch, and what is too much of one, is refused before anything is applied', () => {
  assert.equal(refusal({}, { op: 'add' }), '400 a JSON patch must be a list of operations')
  assert.equal(refusal({}, [7]), '400 operation 0 of the JSON patch must be a map')
  assert.equal(refusal({}, [{ op: 'add', path: '/a' }]), '400 operation 0 of the JSON patch has no value')
  const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }))
  assert.equal(
    refusal({}, many),
    '413 Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  )
  const doubling = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/${index}` }))
  assert.match(refusal({ a: 1 }, doubling), /^413 .*copy too much$/)
  const long = Array.from({ length: 4 }, (_, index) => ({ op: 'copy', from: '/a', path: `/${index}` }))
  assert.match(refusal({ a: 'x'.repeat(1 << 20) }, long), /^413 .*copy too much$/)
  assert.match(refusal({ a: { ['x'.repeat(1 << 20)]: 1 } }, long), /^413 .*copy too much$/)
})

test('what was copied or moved is apart from where it came from, whatever the patch did to it before', () => {
  const patch = [
    { op: 'add', path: '/a/list/-', value: 2 },
    { op: 'add', path: '/a/x', value: { y: 1 } },
    { op: 'copy', from: '/a', path: '/b' },
    { op: 'add', path: '/b/list/-', value: 3 },
    { op: 'remove', path: '/b/x/y' },
    { op: 'copy', from: '/a', path: '/a/x/z' },
    { op: 'replace', path: '/a/x/y', value: 4 },
    { op: 'move', from: '/a/x/z/x', path: '/c' },
    { op: 'add', path: '/c/y', value: 5 },
  ]
  const before = { a: { list: [1] } }
  assert.deepEqual(applyJsonPatch(before, patch), {
    a: { list: [1, 2], x: { y: 4, z: { list: [1, 2] } } },
    b: { list: [1, 2, 3], x: {} },
    c: { y: 5 },
  })
  assert.deepEqual(before, { a: { list: [1] } })
})

/** A patch that makes `to` of `from`. */
function diff(from: unknown, to: unknown, path = ''): unknown[] {
  if (equalJson(from, to)) return []
  if (!isJsonMap(from) || !isJsonMap(to)) return [{ op: path === '' ? 'add' : 'replace', path, value: to }]
  const at = (name: string) => `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name))
  return [
    ...gone.map((name) => ({ op: 'remove', path: at(name) })),
    ...Object.entries(to).flatMap(([name, value]) =>
      Object.hasOwn(from, name) ? diff(from[name], value, at(name)) : [{ op: 'add', path: at(name), value }],
    ),
  ]
}

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>

test('a patch that was made from two values makes the one of the other', () => {
  fc.assert(
    fc.property(json, json, (from, to) => {
      const before = structuredClone(from)
      assert.ok(equalJson(applyJsonPatch(from, diff(from, to)), to))
      assert.ok(equalJson(from, before))
    }),
  )
})
