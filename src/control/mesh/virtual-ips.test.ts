import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import { slotOf, VirtualIpAllocation, type VirtualIps, virtualIpName } from './virtual-ips.ts'

/** What names get that ask in this order, where users wrote some addresses themselves. */
function allocateVirtualIps(names: readonly string[], taken: readonly string[] = []): ReadonlyMap<string, VirtualIps> {
  const allocation = new VirtualIpAllocation(taken.flatMap((address) => slotOf(address) ?? []))
  return new Map(
    names.flatMap((name) => {
      const ips = allocation.give(virtualIpName(name))
      return ips === undefined ? [] : [[name, ips] as const]
    }),
  )
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `default/host-${i}.example.com`)

test('a host keeps its virtual IPs whatever else is configured', () => {
  const alone = allocateVirtualIps(['default/db.example.com']).get('default/db.example.com')
  const last = allocateVirtualIps([...names(50), 'default/db.example.com']).get('default/db.example.com')
  const first = allocateVirtualIps(['default/db.example.com', ...names(50)]).get('default/db.example.com')
  assert.deepEqual([last, first], [alone, alone])
})

test('no two hosts share a virtual IP, and none is a network or broadcast address', () => {
  const ips = [...allocateVirtualIps(names(20_000)).values()]
  assert.equal(new Set(ips.map(({ v4 }) => v4)).size, 20_000)
  assert.equal(new Set(ips.map(({ v6 }) => v6)).size, 20_000)
  for (const { v4, v6 } of ips) {
    assert.ok(isIPv4(v4) && /^240\.240\.\d+\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/.test(v4), v4)
    assert.ok(isIPv6(v6) && v6.startsWith('2001:2::'), v6)
  }
})

test('where two hosts meet, the older one keeps its place', () => {
  const young = names(20_000)
  const crowded = allocateVirtualIps(young)
  const moved = young.find((name) => crowded.get(name)?.v4 !== allocateVirtualIps([name]).get(name)?.v4)
  assert.ok(moved !== undefined, 'among 20,000 hosts some meet')
  const oldest = allocateVirtualIps([moved, ...young])
  assert.equal(oldest.get(moved)?.v4, allocateVirtualIps([moved]).get(moved)?.v4)
})

test('an address that a user wrote is not given out', () => {
  const name = 'default/db.example.com'
  const wanted = allocateVirtualIps([name]).get(name)
  for (const taken of [wanted?.v4 ?? '', wanted?.v6 ?? '']) {
    const other = allocateVirtualIps([name], [taken]).get(name)
    assert.notEqual(other?.v4, wanted?.v4)
    assert.notEqual(other?.v6, wanted?.v6)
  }
})

test('hosts beyond the range get no virtual IP', () => {
  const ips = allocateVirtualIps(names(65_100))
  assert.equal(ips.size, 256 * 254)
  assert.equal(ips.has('default/host-65099.example.com'), false)
})

test('a name that asks again is answered what it has, also when nothing is left', () => {
  const allocation = new VirtualIpAllocation([])
  const all = names(65_100).map(virtualIpName)
  const first = all.map((name) => allocation.give(name))
  assert.deepEqual(
    all.map((name) => allocation.give(name)),
    first,
  )
})

test('an address belongs to a slot as it is given out, and in no other spelling', () => {
  for (const name of names(500)) {
    const { v4, v6 } = new VirtualIpAllocation([]).give(virtualIpName(name)) as VirtualIps
    assert.ok(slotOf(v4) !== undefined, v4)
    assert.equal(slotOf(v6), slotOf(v4), v6)
  }
  for (const other of [
    '240.240.1.0',
    '240.240.1.255',
    '240.240.01.1',
    '240.241.1.1',
    '2001:2::f0f0:0',
    '2001:2::F0F0:1',
  ])
    assert.equal(slotOf(other), undefined, other)
})
