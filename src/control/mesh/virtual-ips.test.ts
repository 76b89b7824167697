import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import { allocateVirtualIps } from './virtual-ips.ts'

const names = (count: number) => Array.from({ length: count }, (_, i) => `default/host-${i}.example.com`)

test('a host keeps its virtual IPs whatever else is configured', () => {
  const alone = allocateVirtualIps(['default/db.example.com'], new Set()).get('default/db.example.com')
  const last = allocateVirtualIps([...names(50), 'default/db.example.com'], new Set()).get('default/db.example.com')
  const first = allocateVirtualIps(['default/db.example.com', ...names(50)], new Set()).get('default/db.example.com')
  assert.deepEqual([last, first], [alone, alone])
})

test('no two hosts share a virtual IP, and none is a network or broadcast address', () => {
  const ips = [...allocateVirtualIps(names(20_000), new Set()).values()]
  assert.equal(new Set(ips.map(({ v4 }) => v4)).size, 20_000)
  assert.equal(new Set(ips.map(({ v6 }) => v6)).size, 20_000)
  for (const { v4, v6 } of ips) {
    assert.ok(isIPv4(v4) && /^240\.240\.\d+\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/.test(v4), v4)
    assert.ok(isIPv6(v6) && v6.startsWith('2001:2::'), v6)
  }
})

test('where two hosts meet, the older one keeps its place', () => {
  const young = names(20_000)
  const crowded = allocateVirtualIps(young, new Set())
  const moved = young.find((name) => crowded.get(name)?.v4 !== allocateVirtualIps([name], new Set()).get(name)?.v4)
  assert.ok(moved !== undefined, 'among 20,000 hosts some meet')
  const oldest = allocateVirtualIps([moved, ...young], new Set())
  assert.equal(oldest.get(moved)?.v4, allocateVirtualIps([moved], new Set()).get(moved)?.v4)
})

test('an address that a user wrote is not given out', () => {
  const name = 'default/db.example.com'
  const wanted = allocateVirtualIps([name], new Set()).get(name)
  for (const taken of [wanted?.v4 ?? '', wanted?.v6 ?? '']) {
    const other = allocateVirtualIps([name], new Set([taken])).get(name)
    assert.notEqual(other?.v4, wanted?.v4)
    assert.notEqual(other?.v6, wanted?.v6)
  }
})

test('hosts beyond the range get no virtual IP', () => {
  const ips = allocateVirtualIps(names(65_100), new Set())
  assert.equal(ips.size, 256 * 254)
  assert.equal(ips.has('default/host-65099.example.com'), false)
})
