import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { Outbox } from './outbox.ts'

class Sent extends EventEmitter {
  closed = false
  close(): void {
    this.closed = true
    this.emit('close')
  }
  destroy(): void {
    this.close()
  }
  get response(): ServerResponse {
    return this as unknown as ServerResponse
  }
}

const MANY = 1_000_000

test('large replies wait for those that are not read yet, small ones never', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const outbox = new Outbox({ bytes: 2 * MANY, sendMs: 1000 })
  const [first, second, third] = [new Sent(), new Sent(), new Sent()]
  assert.ok(outbox.take(first.response, 5 * MANY), 'one has room, however large')
  assert.equal(outbox.take(second.response, MANY), undefined)
  assert.ok(outbox.take(new Sent().response, 1000))
  first.close()
  assert.ok(outbox.take(second.response, 1.5 * MANY))
  assert.equal(outbox.take(third.response, MANY), undefined)
  second.close()
})

test('a reply that was compressed leaves room for others', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const outbox = new Outbox({ bytes: 2 * MANY, sendMs: 1000 })
  const [first, second] = [new Sent(), new Sent()]
  const parcel = outbox.take(first.response, 2 * MANY)
  parcel?.shrinkTo(1000)
  assert.ok(outbox.take(second.response, MANY))
  first.close()
  parcel?.shrinkTo(10)
  assert.equal(outbox.take(new Sent().response, 1.5 * MANY), undefined)
})

test('who does not read is disconnected in the end', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const outbox = new Outbox({ bytes: MANY, sendMs: 1000 })
  const idle = new Sent()
  outbox.take(idle.response, MANY)
  t.mock.timers.tick(999)
  assert.equal(idle.closed, false)
  t.mock.timers.tick(1)
  assert.equal(idle.closed, true)
  assert.ok(outbox.take(new Sent().response, MANY))
})
