import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOfRegex } from './regex.ts'

test('expressions are those of RE2', () => {
  for (const text of ['.*', '(?i)a', '(?P<n>a)', '\\d+\\z', '[[:alpha:]]', 'a{1000}']) {
    assert.equal(faultOfRegex(text, 'uri'), undefined, text)
  }
  for (const text of ['(?=a)', '(a)\\1', '[', '*', 'a**', 'a{1001}', '(?<!a)b']) {
    assert.match(faultOfRegex(text, 'uri') ?? '', /^"uri": .*Istio uses RE2 style regex-based match/, text)
  }
})

test('expressions are neither empty nor longer than 1024', () => {
  assert.match(faultOfRegex('', 'uri') ?? '', /should not be empty/)
  assert.equal(faultOfRegex('a'.repeat(1024), 'uri'), undefined)
  assert.match(faultOfRegex('a'.repeat(1025), 'uri') ?? '', /max length allowed is 1024/)
})
