import assert from 'node:assert/strict'
import { it } from 'node:test'
import { destinationsIn } from './refused-datagrams.ts'

const LISTING = `table inet postern {
	set refused_udp4 {
		type ipv4_addr . inet_service
		size 256
		flags dynamic
		elements = { 1.2.3.4 . 443, 203.0.113.9 . 123 }
	}
	set refused_udp6 {
		type ipv6_addr . inet_service
		size 256
		flags dynamic
		elements = { 2001:db8::1 . 443 }
	}
	chain refused {
		meta nfproto ipv4 meta l4proto udp add @refused_udp4 { ip daddr . udp dport }
	}
}
`

it('the destinations of refused datagrams are read from the sets, and from nothing else', () => {
  assert.deepEqual(destinationsIn(LISTING), [
    { ip: '1.2.3.4', port: 443 },
    { ip: '203.0.113.9', port: 123 },
    { ip: '2001:db8::1', port: 443 },
  ])
  assert.deepEqual(destinationsIn(''), [])
})
