import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimerWheel, WheelTimer } from './timer-wheel.ts'

/** A wheel under a fake clock. */
function fakeWheel(t: import('node:test').TestContext): { wheel: TimerWheel; pass: (ms: number) => void } {
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const wheel = new TimerWheel(100)
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i += 10) {
      nowMs += 10
      t.mock.timers.tick(10)
    }
  }
  return { wheel, pass }
}

test('a timer expires once, not before its delay and at most two ticks after it', (t) => {
  const { wheel, pass } = fakeWheel(t)
  let expired = 0
  wheel.schedule(new WheelTimer(() => expired++), 1000)
  pass(990)
  assert.equal(expired, 0)
  pass(210)
  assert.equal(expired, 1)
  pass(60_000)
  assert.equal(expired, 1)
})

test('a timer longer than a turn of the wheel waits for its own turn', (t) => {
  const { wheel, pass } = fakeWheel(t)
  let expired = 0
  wheel.schedule(new WheelTimer(() => expired++), 60_000)
  pass(59_900)
  assert.equal(expired, 0)
  pass(300)
  assert.equal(expired, 1)
})

test('a cancelled timer never expires, and a rescheduled one expires at its last deadline', (t) => {
  const { wheel, pass } = fakeWheel(t)
  const expired: string[] = []
  const cancelled = new WheelTimer(() => expired.push('cancelled'))
  const moved = new WheelTimer(() => expired.push('moved'))
  wheel.schedule(cancelled, 500)
  wheel.schedule(moved, 500)
  wheel.cancel(cancelled)
  wheel.schedule(moved, 2000)
  pass(1900)
  assert.deepEqual(expired, [])
  pass(400)
  assert.deepEqual(expired, ['moved'])
  assert.equal(wheel.size, 0)
})

test('a timer may schedule itself again while it expires', (t) => {
  const { wheel, pass } = fakeWheel(t)
  let expired = 0
  const timer = new WheelTimer(() => {
    expired++
    if (expired < 3) wheel.schedule(timer, 100)
  })
  wheel.schedule(timer, 100)
  pass(2000)
  assert.equal(expired, 3)
})

test('after a long pause of the process everything that was due expires at once', (t) => {
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const wheel = new TimerWheel(100)
  let expired = 0
  for (let i = 1; i <= 100; i++) wheel.schedule(new WheelTimer(() => expired++), i * 1000)
  nowMs = 3_600_000
  t.mock.timers.tick(100)
  assert.equal(expired, 100)
})
