import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Schema } from '#kube/schema.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const ENV: Schema = {
  type: 'array',
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': 'name',
  items: { type: 'object', properties: { name: { type: 'string' }, value: { type: 'string' } } },
}

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        containers: {
          ...ENV,
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, env: ENV, args: { type: 'array', items: { type: 'string' } } },
          },
        },
        strategy: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys' },
        secrets: { type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: { type: 'string' } },
        selector: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
  },
}

function patched(spec: unknown, patch: unknown): unknown {
  const value = { spec }
  const before = structuredClone(value)
  const result = applyStrategicMergePatch(value, { spec: patch }, SCHEMA) as { spec: unknown }
  assert.deepEqual(value, before)
  return result.spec
}

test('lists with a merge key are merged by it, at every depth', () => {
  const spec = { containers: [{ name: 'a', args: ['1'], env: [{ name: 'X', value: '1' }] }, { name: 'b' }] }
  assert.deepEqual(patched(spec, { containers: [{ name: 'a', env: [{ name: 'X', value: '2' }] }] }), {
    containers: [{ name: 'a', args: ['1'], env: [{ name: 'X', value: '2' }] }, { name: 'b' }],
  })
  assert.deepEqual(patched(spec, { containers: [{ name: 'a', args: ['2'] }] }), {
    containers: [{ name: 'a', args: ['2'], env: [{ name: 'X', value: '1' }] }, { name: 'b' }],
  })
})

test('a new element goes in front of those that only the server knows, as in Kubernetes', () => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }] }
  assert.deepEqual(patched(spec, { containers: [{ name: 'c' }] }), {
    containers: [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
  })
})

test('of elements with the same key the first is changed and none is lost', () => {
  const spec = { containers: [{ name: 'a', args: ['1'] }, { name: 'a', args: ['2'] }, { name: 'b' }] }
  assert.deepEqual(patched(spec, { containers: [{ name: 'a', args: ['3'] }] }), {
    containers: [{ name: 'a', args: ['3'] }, { name: 'a', args: ['2'] }, { name: 'b' }],
  })
})

test('the order of elements is the one that the patch asks for', () => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }], secrets: ['x', 'y'] }
  const order = [{ name: 'b' }, { name: 'c' }, { name: 'a' }]
  assert.deepEqual(
    patched(spec, {
      '$setElementOrder/containers': order,
      containers: [{ name: 'c', args: ['1'] }],
      '$setElementOrder/secrets': ['y', 'x'],
    }),
    { containers: [{ name: 'b' }, { name: 'c', args: ['1'] }, { name: 'a' }], secrets: ['y', 'x'] },
  )
})

test('directives delete and replace elements, maps and lists', () => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }], selector: { x: '1', y: '2' }, secrets: ['x', 'y', 'z'] }
  assert.deepEqual(
    patched(spec, {
      containers: [{ name: 'a', $patch: 'delete' }],
      selector: { $patch: 'replace', z: '3' },
      '$deleteFromPrimitiveList/secrets': ['y'],
    }),
    { containers: [{ name: 'b' }], selector: { z: '3' }, secrets: ['x', 'z'] },
  )
  assert.deepEqual(patched(spec, { containers: [{ name: 'c' }, { $patch: 'replace' }], selector: null }), {
    containers: [{ name: 'c' }],
    secrets: ['x', 'y', 'z'],
  })
  assert.deepEqual(patched(spec, { selector: { $patch: 'delete' }, secrets: ['w'] }), {
    containers: [{ name: 'a' }, { name: 'b' }],
    selector: {},
    secrets: ['w', 'x', 'y', 'z'],
  })
})

test('of a union only the retained keys stay', () => {
  const spec = { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } }
  assert.deepEqual(patched(spec, { strategy: { $retainKeys: ['type'], type: 'Recreate' } }), {
    strategy: { type: 'Recreate' },
  })
  assert.throws(() => patched(spec, { strategy: { $retainKeys: ['type'], other: 1 } }), {
    message: /\$retainKeys must name every field/,
  })
})

test('finalizers and owners of every kind are merged', () => {
  const value = { metadata: { finalizers: ['a'], ownerReferences: [{ uid: '1', name: 'x' }], labels: { a: '1' } } }
  const patch = { metadata: { finalizers: ['b'], ownerReferences: [{ uid: '2', name: 'y' }], labels: { a: null } } }
  assert.deepEqual(applyStrategicMergePatch(value, patch, SCHEMA), {
    metadata: {
      finalizers: ['b', 'a'],
      ownerReferences: [
        { uid: '2', name: 'y' },
        { uid: '1', name: 'x' },
      ],
      labels: {},
    },
  })
})

test('an element without its merge key is refused', () => {
  assert.throws(() => patched({}, { containers: [{ args: [] }] }), {
    message: 'map: {"args":[]} does not contain declared merge key: name',
  })
  assert.throws(() => patched({}, { selector: { $patch: 'spin' } }), { message: 'unknown patch type: spin' })
  assert.throws(() => patched({}, { containers: [{ name: 'a', $patch: 'spin' }] }), {
    message: 'unknown patch type: spin',
  })
})

const env = fc.uniqueArray(
  fc.record(
    { name: fc.constantFrom('A', 'B', 'C', 'D', 'E'), value: fc.constantFrom('1', '2') },
    { noNullPrototype: true },
  ),
  { selector: ({ name }) => name },
)

test('a patch of all elements with their order and deletions makes one list of another', () => {
  fc.assert(
    fc.property(env, env, (from, to) => {
      const names = to.map(({ name }) => ({ name }))
      const gone = from.filter(({ name }) => !to.some((one) => one.name === name))
      const deletions = gone.map(({ name }) => ({ name, $patch: 'delete' }))
      const patch = { '$setElementOrder/env': names, env: [...to, ...deletions] }
      const container = { name: 'c', env: from }
      assert.deepEqual(patched({ containers: [container] }, { containers: [{ name: 'c', ...patch }] }), {
        containers: [{ name: 'c', env: to }],
      })
    }),
  )
})

test('a strategic merge patch that is applied twice changes nothing more', () => {
  fc.assert(
    fc.property(env, env, (from, change) => {
      const once = patched({ containers: [{ name: 'c', env: from }] }, { containers: [{ name: 'c', env: change }] })
      assert.deepEqual(patched(once, { containers: [{ name: 'c', env: change }] }), once)
    }),
  )
})
