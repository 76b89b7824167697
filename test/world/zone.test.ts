import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordOf } from './zone.ts'

test('names are found in any case, with or without the final dot', () => {
  assert.deepEqual(recordOf('WWW.Wikipedia.ORG.')?.a, ['91.198.174.192'])
})

test('a wildcard answers for names below it, not for itself', () => {
  assert.deepEqual(recordOf('x.y.wild.example.com')?.a, ['34.66.10.90'])
  assert.equal(recordOf('wild.example.com'), undefined)
})

test('names outside the zone do not exist', () => {
  assert.equal(recordOf('example.org'), undefined)
})
