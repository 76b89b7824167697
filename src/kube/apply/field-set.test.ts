import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FieldSet, formatSteps } from './field-set.ts'

const ENCODED = {
  'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
  'f:spec': {
    'f:ports': { 'k:{"name":"http","port":80}': { '.': {}, 'f:number': {} } },
    'f:finalizers': { 'v:"x"': {} },
  },
}

test('fieldsV1 is read and written as Kubernetes has it', () => {
  const set = FieldSet.decode(ENCODED)
  assert.ok(set !== undefined)
  assert.deepEqual(set.encode(), ENCODED)
  assert.ok(set.has(['f:metadata', 'f:labels']))
  assert.ok(!set.has(['f:metadata']))
  assert.deepEqual([...set.paths()].map(formatSteps), [
    '.metadata.labels',
    '.metadata.labels.app',
    '.spec.finalizers[="x"]',
    '.spec.ports[name="http",port=80]',
    '.spec.ports[name="http",port=80].number',
  ])
})

test('keys of elements are the same in every order and spacing', () => {
  const loose = FieldSet.decode({ 'f:ports': { 'k:{ "port": 80, "name": "http" }': {} } })
  assert.deepEqual(loose?.encode(), { 'f:ports': { 'k:{"name":"http","port":80}': {} } })
})

test('what is no fieldsV1 is told apart', () => {
  for (const broken of [
    null,
    [],
    'f:spec',
    { spec: {} },
    { 'f:spec': 1 },
    { 'k:{': {} },
    { 'k:[]': {} },
    { 'i:x': {} },
  ]) {
    assert.equal(FieldSet.decode(broken), undefined, JSON.stringify(broken))
  }
  let deep: unknown = {}
  for (let level = 0; level < 1000; level++) deep = { 'f:a': deep }
  assert.equal(FieldSet.decode(deep), undefined)
})

const step = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1', 'i:0')
const paths = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 8 })

test('union, difference and intersection are those of sets of paths', () => {
  fc.assert(
    fc.property(paths, paths, (one, other) => {
      const a = FieldSet.from(one)
      const b = FieldSet.from(other)
      for (const path of [...one, ...other]) {
        assert.equal(a.union(b).has(path), a.has(path) || b.has(path))
        assert.equal(a.intersection(b).has(path), a.has(path) && b.has(path))
        assert.equal(a.difference(b).has(path), a.has(path) && !b.has(path))
      }
      assert.ok(a.difference(b).union(a.intersection(b)).equals(a))
      assert.ok(a.difference(a).isEmpty)
      assert.ok(FieldSet.from(a.paths()).equals(a))
      assert.ok(FieldSet.decode(a.encode())?.equals(a))
    }),
  )
})
