import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EncodedResource, ResourceMap } from './resource-map.ts'

const name = fc.nat(400).map((index) => `outbound|443||host-${index}.example.com`)
const resource = fc
  .record({ name, version: fc.constantFrom('1', '2', '3') })
  .map((one): EncodedResource => ({ ...one, value: new Uint8Array() }))
const changes = fc.array(
  fc.oneof(
    resource.map((one) => [one.name, one] as const),
    name.map((gone) => [gone, undefined] as const),
  ),
)

function held(map: ResourceMap): ReadonlyMap<string, EncodedResource> {
  return new Map([...map].map((one) => [one.name, one]))
}

test('a map with changes has what an ordinary map would have, and the one before keeps what it had', () => {
  fc.assert(
    fc.property(fc.array(resource), changes, (first, list) => {
      const before = ResourceMap.of(first)
      const expected = new Map(first.map((one) => [one.name, one]))
      assert.deepEqual(held(before), expected)
      const after = before.with(new Map(list))
      for (const [changed, to] of new Map(list)) {
        if (to === undefined) expected.delete(changed)
        else expected.set(changed, to)
        assert.equal(after.get(changed), to)
        assert.equal(after.has(changed), to !== undefined)
      }
      assert.deepEqual(held(after), expected)
      assert.deepEqual([...after.names()].sort(), [...expected.keys()].sort())
      assert.deepEqual(held(before), new Map(first.map((one) => [one.name, one])))
    }),
  )
})

test('what differs is found between any two maps, related or not: first what is there, then what is gone', () => {
  fc.assert(
    fc.property(fc.array(resource), changes, fc.array(resource), (first, list, unrelated) => {
      const before = ResourceMap.of(first)
      for (const after of [before.with(new Map(list)), ResourceMap.of(unrelated)]) {
        const all = new Set([...before.names(), ...after.names()])
        const expected = [...all].filter((one) => before.get(one)?.version !== after.get(one)?.version)
        const told = before.namesThatDiffer(after)
        assert.deepEqual(told.toSorted(), expected.sort())
        const firstGone = told.findIndex((one) => !after.has(one))
        if (firstGone >= 0) assert.ok(told.slice(firstGone).every((one) => !after.has(one)))
      }
    }),
  )
})

test('changes that change nothing make no other map', () => {
  const [a, b] = ['a', 'b'].map((one): EncodedResource => ({ name: one, version: '1', value: new Uint8Array() }))
  const map = ResourceMap.of([a as EncodedResource])
  assert.equal(map.with(new Map([['a', a]])), map)
  assert.equal(map.with(new Map([['c', undefined]])), map)
  assert.notEqual(map.with(new Map([['b', b]])), map)
})
