import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onTopOf } from './analysis-input.ts'

function entry(name: string, namespace: string | undefined, apiVersion: string, more: object = {}) {
  return {
    apiVersion,
    kind: 'ServiceEntry',
    metadata: { name, ...(namespace !== undefined && { namespace }), ...more },
  }
}

test('an object of a file stands in for the live one of its kind and name, in whatever version, and is as old', () => {
  const live = [
    entry('a', 'default', 'networking.istio.io/v1', { creationTimestamp: '2026-01-01T00:00:00Z' }),
    entry('a', 'other', 'networking.istio.io/v1'),
    { ...entry('a', 'default', 'v1'), kind: 'Service' },
  ]
  const files = [
    { object: entry('a', undefined, 'networking.istio.io/v1alpha3'), file: 'f.yaml', line: 3 },
    { object: entry('b', undefined, 'networking.istio.io/v1alpha3'), file: 'f.yaml', line: 9 },
  ]
  const together = onTopOf(live, files, 'default')
  assert.deepEqual(
    together.map(({ object, file }) => [object.kind, object.metadata, file]),
    [
      ['ServiceEntry', { name: 'a', namespace: 'other' }, undefined],
      ['Service', { name: 'a', namespace: 'default' }, undefined],
      ['ServiceEntry', { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' }, 'f.yaml'],
      ['ServiceEntry', { name: 'b' }, 'f.yaml'],
    ],
  )
})
