import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, ratio, summarize, table } from './series.ts'

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([9, 1, 5]), 5)
})

test('a summary names the median and the range', () => {
  assert.equal(summarize([17, 16, 18]), '17.0 (16.0-18.0)')
  assert.equal(summarize([3]), '3.00')
})

test('a ratio compares within rounds, whatever the machine did between them', () => {
  assert.equal(ratio([10, 40, 10], [20, 80, 40]), 0.5)
  assert.ok(Number.isNaN(ratio([10], undefined)))
})

test('the table holds a ratio for each rival, and a dash where a figure is missing', () => {
  const values = new Map([
    ['Postern', [20]],
    ['HAProxy', [16]],
  ])
  const [head, , row] = table(
    [{ figure: 'CPU', unit: 'µs', values }],
    ['Postern', 'HAProxy', 'Envoy'],
    'Postern',
  ).split('\n')
  assert.equal(head, '|  | Postern | HAProxy | Envoy | Postern / HAProxy | Postern / Envoy |')
  assert.equal(row, '| CPU, µs | 20.0 | 16.0 | - | 1.25 | - |')
})
