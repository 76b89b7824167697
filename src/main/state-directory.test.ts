import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateDirectory } from './state-directory.ts'

test('an empty name is no directory, least of all the working one', () => {
  assert.throws(() => stateDirectory(''), { code: 'mesh/no-directory' })
  assert.equal(stateDirectory('/a/../b'), '/b')
})
