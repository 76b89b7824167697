import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { atTurnEnd, turnMonotonicMs, turnWallMs } from './turn.ts'

test('within a turn it is the same time, whatever the turn takes', () => {
  const [monotonic, wall] = [turnMonotonicMs(), turnWallMs()]
  const start = performance.now()
  while (performance.now() - start < 5) {}
  assert.equal(turnMonotonicMs(), monotonic)
  assert.equal(turnWallMs(), wall)
})

test('the next turn has a time of its own, and so has each behind it', async () => {
  let before = turnMonotonicMs()
  for (const pause of [() => nextTurn(), () => wait(2), () => wait(2)]) {
    const earliest = performance.now()
    await pause()
    await nextTurn()
    const after = turnMonotonicMs()
    assert.ok(after > before && after >= earliest && after <= performance.now())
    before = after
  }
  assert.ok(Math.abs(turnWallMs() - Date.now()) < 1000)
})

test('what is asked for in a turn is done once at its end, in order, and what it asks for likewise', async () => {
  const done: string[] = []
  atTurnEnd(() => {
    done.push('first')
    atTurnEnd(() => done.push('of first'))
  })
  atTurnEnd(() => done.push('second'))
  await Promise.resolve()
  assert.equal(done.length, 0)
  await nextTurn()
  assert.deepEqual(done, ['first', 'second', 'of first'])
  atTurnEnd(() => done.push('next'))
  await nextTurn()
  assert.deepEqual(done, ['first', 'second', 'of first', 'next'])
})
