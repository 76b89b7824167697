import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDurationMs } from './duration.ts'

test('every whole millisecond is one, however it is written', () => {
  for (let ms = 1; ms <= 20_000; ms++) {
    assert.equal(parseDurationMs(`${(ms / 1000).toFixed(3)}s`), ms)
    assert.equal(parseDurationMs(`${ms}ms`), ms)
  }
  assert.equal(parseDurationMs('0.1h'), 360_000)
  assert.equal(parseDurationMs('1h1m1.001s'), 3_661_001)
})

test('durations are read as Go reads them', () => {
  const read: Readonly<Record<string, number>> = {
    '0': 0,
    '0s': 0,
    '+5s': 5000,
    '.5s': 500,
    '5.s': 5000,
    '1500us': 1.5,
    '1500µs': 1.5,
    '1500μs': 1.5,
    '1ns': 1e-6,
    '2562047h': 9_223_369_200_000,
  }
  for (const [text, ms] of Object.entries(read)) assert.equal(parseDurationMs(text), ms, text)
  for (const text of [
    '',
    '5',
    '-1s',
    '.s',
    's',
    '5 s',
    '5S',
    '1e3s',
    '+',
    '1.2.3s',
    '2562048h',
    `${'9'.repeat(100)}h`,
    `${'9'.repeat(1e6)}`,
  ])
    assert.equal(parseDurationMs(text), undefined, text)
})
