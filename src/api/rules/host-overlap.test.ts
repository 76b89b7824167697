import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findOverlaps, HostSet } from './host-overlap.ts'

test('a wildcard holds what ends with the rest of it', () => {
  const held = (host: string, ...hosts: string[]) => new HostSet(hosts).holding(host)
  assert.equal(held('a.foo.com', '*.foo.com'), '*.foo.com')
  assert.equal(held('foo.com', '*.foo.com'), undefined)
  assert.equal(held('foo.com', '*foo.com'), '*foo.com')
  assert.equal(held('*.foo.com', '*.com'), '*.com')
  assert.equal(held('*.com', '*.foo.com', 'com'), undefined)
  assert.equal(held('anything', '*'), '*')
  assert.equal(held('*', '*'), '*')
  assert.equal(held('a.com', 'A.com', 'b.a.com'), undefined)
})

/** Whether two hosts have a name in common, by the definition of spec 1.0. */
function overlap(a: string, b: string): boolean {
  const [tailA, tailB] = [a, b].map((host) => (host.startsWith('*') ? host.slice(1) : undefined))
  if (tailA !== undefined && tailB !== undefined) return tailA.endsWith(tailB) || tailB.endsWith(tailA)
  if (tailA !== undefined) return b.endsWith(tailA)
  return tailB === undefined ? a === b : a.endsWith(tailB)
}

test('hosts that overlap are found, however many there are', () => {
  const host = fc.stringMatching(/^\*?\.?[ab]{0,2}(?:\.[ab]{1,2})?$/)
  fc.assert(
    fc.property(fc.array(host, { maxLength: 8 }), (hosts) => {
      const overlaps = findOverlaps(hosts)
      const some = hosts.some((one, index) => hosts.slice(0, index).some((other) => overlap(one, other)))
      assert.equal(overlaps.length > 0, some)
      for (const { first, second } of overlaps) assert.ok(overlap(first, second), `${first} & ${second}`)
    }),
  )
})
