import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLabels, parseNamespace } from './run.ts'

test('a namespace has a name that the API takes', () => {
  assert.equal(parseNamespace('shop'), 'shop')
  for (const text of ['', 'a/b', 'Shop', 'a.b', '-'])
    assert.throws(() => parseNamespace(text), { code: 'commander.invalidArgument' }, text)
})

test('labels are those that the API takes', () => {
  assert.deepEqual(parseLabels('app=sleep,example.com/tier=,version=v1.2_x'), {
    app: 'sleep',
    'example.com/tier': '',
    version: 'v1.2_x',
  })
  const refused = ['', '=b', 'a', 'a b=c', '-a=b', 'a/b/c=d', 'A_/b=c', 'a=x*y', 'a=b=c', 'a=b-', `a=${'b'.repeat(64)}`]
  for (const text of refused) assert.throws(() => parseLabels(text), { code: 'commander.invalidArgument' }, text)
})
