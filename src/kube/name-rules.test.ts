import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  labelValueFaults,
  qualifiedNameFaults,
} from './name-rules.ts'

test('names that are good have no faults', () => {
  for (const name of ['a', 'wikipedia-ext', 'a.b-c.d9', '9', 'x'.repeat(253)]) {
    assert.deepEqual(dnsSubdomainFaults(name), [], name)
  }
  assert.deepEqual(dnsLabelFaults('9-a'), [])
  assert.deepEqual(dns1035LabelFaults('a-9'), [])
  for (const key of ['app', 'App_1.x', 'example.com/team', 'kubectl.kubernetes.io/last-applied-configuration']) {
    assert.deepEqual(qualifiedNameFaults(key), [], key)
  }
  for (const value of ['', 'A', 'a_b.c-d', 'x'.repeat(63)]) assert.deepEqual(labelValueFaults(value), [], value)
})

test('a bad object name is told as kubectl shows it', () => {
  assert.deepEqual(dnsSubdomainFaults('Bad_Name'), [
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ])
})

test('every rule refuses what it must', () => {
  for (const name of ['', 'A', '-a', 'a-', 'a..b', 'a_b', 'a\n', '.a']) {
    assert.notDeepEqual(dnsSubdomainFaults(name), [], JSON.stringify(name))
  }
  assert.deepEqual(dnsSubdomainFaults('x'.repeat(254)), ['must be no more than 253 characters'])
  assert.deepEqual(dnsSubdomainFaults('A'.repeat(1_000_000)), ['must be no more than 253 characters'])
  assert.match(dnsLabelFaults('a.b')[0] ?? '', /^a lowercase RFC 1123 label must/)
  assert.match(dns1035LabelFaults('9a')[0] ?? '', /^a DNS-1035 label must .*'my-name', {2}or 'abc-123'/)
  assert.deepEqual(qualifiedNameFaults('a/')[0], 'name part must be non-empty')
  assert.match(qualifiedNameFaults('A_/b')[0] ?? '', /^prefix part a lowercase RFC 1123 subdomain must/)
  assert.match(labelValueFaults('a b')[0] ?? '', /^a valid label must/)
})
