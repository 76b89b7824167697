import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseServiceAddress } from './service-address.ts'

test('an IP stays as it is written', () => {
  assert.deepEqual(parseServiceAddress('192.0.2.1'), { kind: 'ip', address: '192.0.2.1' })
  assert.deepEqual(parseServiceAddress('2001:db8::1'), { kind: 'ip', address: '2001:db8::1' })
})

test('a block of one address is that address', () => {
  assert.deepEqual(parseServiceAddress('192.0.2.1/32'), { kind: 'ip', address: '192.0.2.1' })
  assert.deepEqual(parseServiceAddress('2001:db8:0::1/128'), { kind: 'ip', address: '2001:db8::1' })
})

test('blocks that hold the same addresses have the same range', () => {
  const range = (text: string) => {
    const address = parseServiceAddress(text)
    return address?.kind === 'cidr' ? [address.cidr.address, address.cidr.range] : address
  }
  assert.deepEqual(range('198.51.100.0/24'), ['198.51.100.0', '198.51.100.0/24'])
  assert.deepEqual(range('198.51.100.77/24'), ['198.51.100.77', '198.51.100.0/24'])
  assert.deepEqual(range('2001:db8::77/32'), ['2001:db8::77', '2001:db8::/32'])
})

test('the unspecified address is none', () => {
  assert.deepEqual(parseServiceAddress('0.0.0.0'), { kind: 'none' })
  assert.equal(parseServiceAddress('0.0.0.0/0')?.kind, 'cidr')
})

test('what is neither an IP nor a block is refused', () => {
  for (const text of ['', 'example.com', '10.1', '0x7f.1', '10.1/16', '192.0.2.1/33', '192.0.2.1/', '1.2.3.4/5/6'])
    assert.equal(parseServiceAddress(text), undefined, text)
})
