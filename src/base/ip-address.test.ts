import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import {
  addressBytes,
  addressText,
  canonicalAddress,
  networkAddress,
  parseAsWritten,
  parseIpAddress,
  prefixOf,
  withoutMapping,
} from './ip-address.ts'

test('addresses parse to the number that ipaddr.js makes of them', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const expected = BigInt(`0x${Buffer.from(ipaddr.process(text).toByteArray()).toString('hex')}`)
      assert.equal(parseIpAddress(text)?.value, expected)
    }),
  )
})

test('texts and bytes of addresses, and networks, are those that ipaddr.js makes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 128 }), (text, length) => {
      // ipaddr.js takes "::1.2.3.4" for "::ffff:1.2.3.4"; RFC 4291 (2.5.5.1) does not.
      fc.pre(!/^::\d+\.\d/.test(text))
      const peer = ipaddr.parse(text)
      const address = parseAsWritten(text)!
      const prefixLength = address.family === 4 ? length % 33 : length
      assert.equal(addressText(Uint8Array.from(peer.toByteArray())), peer.toString())
      assert.deepEqual([...addressBytes(text)!], ipaddr.process(text).toByteArray())
      assert.equal(canonicalAddress(text), ipaddr.process(text).toString())
      const kind = address.family === 4 ? ipaddr.IPv4 : ipaddr.IPv6
      const network = kind.networkAddressFromCIDR(`${text}/${prefixLength}`).toString()
      assert.equal(networkAddress(address, prefixLength), network)
    }),
  )
})

test('what is no address stays as it is where a canonical text is asked for', () => {
  for (const text of ['', 'a:b', 'localhost', '192.0.2.1']) assert.equal(canonicalAddress(text), text)
  assert.equal(canonicalAddress('::FFFF:192.0.2.1'), '192.0.2.1')
})

test('what is no address is undefined', () => {
  for (const text of ['', 'localhost', '1.2.3', '01.2.3.4', '1.2.3.4/8', ':::', '12345::']) {
    assert.equal(parseIpAddress(text), undefined, text)
  }
})

test('an IPv4-mapped address is the IPv4 address', () => {
  assert.deepEqual(parseIpAddress('::ffff:192.0.2.1'), parseIpAddress('192.0.2.1'))
  assert.equal(withoutMapping('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(withoutMapping('::ffff:1'), '::ffff:1')
})

test('a prefix is the leading bits', () => {
  assert.equal(prefixOf(parseIpAddress('192.0.2.1')!, 24), 0xc0_00_02n)
  assert.equal(prefixOf(parseIpAddress('192.0.2.1')!, 0), 0n)
  assert.equal(prefixOf(parseIpAddress('2001:db8::1')!, 32), 0x2001_0db8n)
})
