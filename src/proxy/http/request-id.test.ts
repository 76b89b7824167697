import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestId } from './request-id.ts'

test('identifiers are random UUIDs of version 4, each another', () => {
  const made = Array.from({ length: 1000 }, requestId)
  for (const id of made) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(made).size, made.length)
  // Each hexadecimal digit that is free takes every value.
  for (const at of [0, 7, 9, 15, 20, 24, 35]) assert.equal(new Set(made.map((id) => id[at])).size, 16)
})
