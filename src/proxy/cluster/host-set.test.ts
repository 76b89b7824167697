import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from './host.ts'
import { createHostSet } from './host-set.ts'

/** A repeatable source of numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

const HEAVY = new Host('10.0.0.1', 80, '10.0.0.1', 3)
const LIGHT = new Host('10.0.0.2', 80, '10.0.0.2', 1)

test('round robin takes turns by weight, spread evenly', () => {
  const set = createHostSet([HEAVY, LIGHT], 'ROUND_ROBIN', Math.random)
  const order = Array.from({ length: 8 }, () => (set.pick() === HEAVY ? 'h' : 'l')).join('')
  assert.equal(order, 'hhlhhhlh')
})

test('random picks in proportion to weight', () => {
  const set = createHostSet([HEAVY, LIGHT], 'RANDOM', seeded(1))
  let heavy = 0
  for (let i = 0; i < 10_000; i++) if (set.pick() === HEAVY) heavy++
  assert.ok(heavy > 7_200 && heavy < 7_800, `${heavy} of 10000`)
})

test('least request evens out what is under way', () => {
  const hosts = Array.from({ length: 5 }, (_, i) => new Host(`10.0.0.${i}`, 80))
  const set = createHostSet(hosts, 'LEAST_REQUEST', seeded(7))
  for (let i = 0; i < 1_000; i++) (set.pick() as Host).active++
  for (const host of hosts) assert.ok(host.active > 190 && host.active < 210, `${host.text}: ${host.active} of 1000`)
})

test('an empty set picks nobody, whatever the policy', () => {
  for (const policy of ['ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST', 'CLUSTER_PROVIDED'] as const) {
    assert.equal(createHostSet([], policy, Math.random).pick(), undefined)
  }
})

test('a host is keyed by place: bracketed IPv6, path for a Unix socket', () => {
  assert.equal(new Host('::1', 80).text, '[::1]:80')
  assert.equal(new Host('127.0.0.1', 80).text, '127.0.0.1:80')
  assert.equal(new Host('/run/app.sock', 0).text, '/run/app.sock')
})
