import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Enforcement } from './enforcement.ts'

test('a change is live when the last client has acknowledged it', () => {
  const enforcement = new Enforcement<string>()
  enforcement.changed(['a', 'b'], ['one', 'two'])
  assert.deepEqual(enforcement.done('one'), [])
  assert.deepEqual([...enforcement.waitingFor('a')], ['two'])
  assert.deepEqual(enforcement.done('two'), ['a', 'b'])
  assert.equal(enforcement.waitingFor('a').size, 0)
})

test('a newer change of an object waits anew, and the older one is heard of no more', () => {
  const enforcement = new Enforcement<string>()
  enforcement.changed(['a'], ['one', 'two'])
  enforcement.done('one')
  enforcement.changed(['a'], ['one'])
  assert.deepEqual(enforcement.done('two'), [])
  assert.deepEqual(enforcement.done('one'), ['a'])
})

test('with nobody connected a change is live at once', () => {
  const enforcement = new Enforcement<string>()
  enforcement.changed(['a'], [])
  assert.equal(enforcement.waitingFor('a').size, 0)
})

const action = fc.oneof(
  fc.record({
    keys: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
    clients: fc.subarray(['one', 'two', 'three']),
  }),
  fc.record({ done: fc.constantFrom('one', 'two', 'three') }),
)

test('both sides always agree, and a key is told live exactly when the last client is done', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const enforcement = new Enforcement<string>()
      const model = new Map<string, Set<string>>()
      for (const one of actions) {
        if ('keys' in one) {
          enforcement.changed(one.keys, one.clients)
          for (const key of one.keys) model.set(key, new Set(one.clients))
        } else {
          const live = [...model].filter(([, clients]) => clients.delete(one.done) && clients.size === 0)
          assert.deepEqual([...enforcement.done(one.done)].sort(), live.map(([key]) => key).sort())
        }
        for (const [key, clients] of model)
          assert.deepEqual([...enforcement.waitingFor(key)].sort(), [...clients].sort())
        for (const client of ['one', 'two', 'three']) {
          const awaited = [...model].filter(([, clients]) => clients.has(client)).map(([key]) => key)
          assert.deepEqual([...enforcement.awaitedBy(client)].sort(), awaited.sort())
        }
      }
    }),
  )
})
