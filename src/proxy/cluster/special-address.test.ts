import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { specialAddressOf } from './special-address.ts'

const near = fc.tuple(
  fc.constantFrom('0', '1', '126', '127', '128', '169', '170'),
  fc.constantFrom('0', '253', '254', '255'),
  fc.nat(255),
  fc.nat(255),
)

test('loopback, unspecified and link-local addresses are those that ipaddr.js takes for such', () => {
  const meaning: Readonly<Record<string, string>> = { unspecified: 'own', loopback: 'own', linkLocal: 'link' }
  const v6 = fc.constantFrom('::', '::1', '::2', 'fe80::1', 'febf::1', 'fec0::1', '2001:db8::1', '::ffff:127.0.0.1')
  fc.assert(
    fc.property(
      fc.oneof(
        near.map((parts) => parts.join('.')),
        v6,
        fc.ipV4(),
      ),
      (ip) => {
        assert.equal(specialAddressOf(ip), meaning[ipaddr.process(ip).range()], ip)
      },
    ),
  )
})

test('the services that hand out credentials are of the link wherever a cloud keeps them', () => {
  for (const ip of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', 'fd20:ce::254', '168.63.129.16'])
    assert.equal(specialAddressOf(ip), 'link', ip)
  for (const ip of ['fd00:ec2::253', '168.63.129.17', '', 'localhost'])
    assert.equal(specialAddressOf(ip), undefined, ip)
})

test('an address that a translator makes an IPv4 address of is judged as that one', () => {
  for (const ip of ['64:ff9b::169.254.169.254', '64:ff9b::a83f:8110', '2002:a9fe:a9fe::1'])
    assert.equal(specialAddressOf(ip), 'link', ip)
  for (const ip of ['64:ff9b::7f00:1', '2002:7f00:1::']) assert.equal(specialAddressOf(ip), 'own', ip)
  for (const ip of ['64:ff9b::198.51.100.1', '2002:c633:6401::', '64:ff9a::7f00:1'])
    assert.equal(specialAddressOf(ip), undefined, ip)
})
