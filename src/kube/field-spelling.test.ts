import assert from 'node:assert/strict'
import { test } from 'node:test'
import { respell, respellJsonPatch } from './field-spelling.ts'
import type { Schema } from './schema.ts'

const TEXTS: Schema = { type: 'object', additionalProperties: { type: 'string' } }
const PORT: Schema = { type: 'object', properties: { targetPort: { type: 'integer' } } }
const SPEC: Schema = {
  type: 'object',
  properties: { exportTo: { type: 'array' }, matchLabels: TEXTS, ports: { type: 'array', items: PORT } },
}
const SCHEMA: Schema = { type: 'object', properties: { spec: SPEC } }

test('fields get the spelling of their schema at every depth; keys of maps and unknown fields stay', () => {
  const spec = { export_to: ['.'], match_labels: { a_b: 'c' }, ports: [{ target_port: 1 }], no_such: { x_y: 1 } }
  assert.deepEqual(respell({ spec }, SCHEMA), {
    spec: { exportTo: ['.'], matchLabels: { a_b: 'c' }, ports: [{ targetPort: 1 }], no_such: { x_y: 1 } },
  })
})

test('two spellings of one field both stay, for whoever admits the object to refuse', () => {
  const both = { spec: { export_to: ['.'], exportTo: ['*'] } }
  assert.deepEqual(respell(both, SCHEMA), both)
})

test('a null takes a field away in either spelling, unless the file that is applied was only respelt', () => {
  const patch = { spec: { export_to: null } }
  assert.deepEqual(respell(patch, SCHEMA), { spec: { exportTo: null } })
  assert.deepEqual(respell(patch, SCHEMA, { spec: { ports: [] } }), { spec: { exportTo: null } })
  assert.deepEqual(respell(patch, SCHEMA, { spec: { exportTo: ['.'] } }), patch)
})

test('a JSON patch is respelt in its paths and its values', () => {
  const patch = [
    { op: 'replace', path: '/spec/export_to', value: ['*'] },
    { op: 'add', path: '/spec/ports/-', value: { target_port: 2 } },
    { op: 'copy', from: '/spec/ports/0/target_port', path: '/spec/match_labels/a_b~1c' },
    'nonsense',
  ]
  assert.deepEqual(respellJsonPatch(patch, SCHEMA), [
    { op: 'replace', path: '/spec/exportTo', value: ['*'] },
    { op: 'add', path: '/spec/ports/-', value: { targetPort: 2 } },
    { op: 'copy', from: '/spec/ports/0/targetPort', path: '/spec/matchLabels/a_b~1c' },
    'nonsense',
  ])
})
