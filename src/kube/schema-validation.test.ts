import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { duplicateJsonFields } from './duplicate-json-fields.ts'
import { objectSchema } from './object-schema.ts'
import type { Schema } from './schema.ts'
import { applyDefaults, pruneUnknownFields } from './schema-pruning.ts'
import { validateSchema } from './schema-validation.ts'

const PORT: Schema = {
  type: 'object',
  required: ['number', 'name'],
  properties: {
    number: { type: 'integer', minimum: 1, maximum: 65_535 },
    name: { type: 'string', maxLength: 5, minLength: 1 },
    protocol: { type: 'string', default: 'TCP' },
    targetPort: { 'x-kubernetes-int-or-string': true },
  },
}

const SCHEMA: Schema = objectSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['hosts'],
      properties: {
        ports: { type: 'array', maxItems: 2, items: PORT },
        hosts: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[a-z*.]+$' } },
        resolution: { type: 'string', enum: ['NONE', 'DNS'] },
        weight: { type: 'number', nullable: true },
        labels: { type: 'object', maxProperties: 2, additionalProperties: { type: 'string' } },
        since: { type: 'string', format: 'date-time' },
        data: { type: 'string', format: 'byte' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
})

function lines(spec: unknown): readonly string[] {
  return validateSchema({ spec }, SCHEMA).map(({ field, message }) => `${field}: ${message}`)
}

test('a value of the wrong type is told by its type', () => {
  assert.deepEqual(lines({ hosts: ['a'], ports: [{ number: 'eighty', name: 'http' }] }), [
    'spec.ports[0].number: Invalid value: "string": spec.ports[0].number in body must be of type integer: "string"',
  ])
  assert.deepEqual(lines({ hosts: 7 }), [
    'spec.hosts: Invalid value: "integer": spec.hosts in body must be of type array: "integer"',
  ])
  assert.deepEqual(lines({ hosts: ['a'], ports: [{ number: 8.5, name: 'x', targetPort: true }] }), [
    'spec.ports[0].number: Invalid value: "number": spec.ports[0].number in body must be of type integer: "number"',
    'spec.ports[0].targetPort: Invalid value: "boolean": spec.ports[0].targetPort in body must be of type integer,string: "boolean"',
  ])
  assert.deepEqual(lines({ hosts: null, weight: null }), [
    'spec.hosts: Invalid value: "null": spec.hosts in body must be of type array: "null"',
  ])
  assert.deepEqual(validateSchema('x', SCHEMA), [
    {
      reason: 'FieldValueTypeInvalid',
      field: '',
      message: 'Invalid value: "string": in body must be of type object: "string"',
    },
  ])
})

test('what is missing is told after what is given', () => {
  assert.deepEqual(lines({ ports: [{ name: 'http' }], resolution: 'DNS' }), [
    'spec.ports[0].number: Required value',
    'spec.hosts: Required value',
  ])
})

test('a name that is none of an enumeration is answered with all of them', () => {
  assert.deepEqual(validateSchema({ spec: { hosts: ['a'], resolution: 'SOMETIMES' } }, SCHEMA), [
    {
      reason: 'FieldValueNotSupported',
      field: 'spec.resolution',
      message: 'Unsupported value: "SOMETIMES": supported values: "NONE", "DNS"',
    },
  ])
})

test('bounds of numbers, texts, lists and maps are told in the words of Kubernetes', () => {
  assert.deepEqual(lines({ hosts: [], ports: [{ number: 0, name: '' }] }), [
    'spec.ports[0].number: Invalid value: 0: spec.ports[0].number in body should be greater than or equal to 1',
    'spec.ports[0].name: Invalid value: "": spec.ports[0].name in body should be at least 1 chars long',
    'spec.hosts: Invalid value: 0: spec.hosts in body should have at least 1 items',
  ])
  const port = { number: 70_000, name: 'toolong' }
  assert.deepEqual(lines({ hosts: ['A'], ports: [port, { number: 1, name: 'x' }, { number: 1, name: 'y' }] }), [
    'spec.ports[0].number: Invalid value: 70000: spec.ports[0].number in body should be less than or equal to 65535',
    'spec.ports[0].name: Too long: may not be more than 5 bytes',
    'spec.ports: Too many: 3: must have at most 2 items',
    `spec.hosts[0]: Invalid value: "A": spec.hosts[0] in body should match '^[a-z*.]+$'`,
  ])
  assert.deepEqual(lines({ hosts: ['a'], labels: { a: '1', b: '2', c: '3' } }), [
    'spec.labels: Too many: 3: must have at most 2 items',
  ])
  assert.deepEqual(lines({ hosts: ['a'], labels: { 'x.y/z': 1 } }), [
    'spec.labels.x.y/z: Invalid value: "integer": spec.labels.x.y/z in body must be of type string: "integer"',
  ])
  assert.deepEqual(lines({ hosts: ['a'], since: 'yesterday', data: '??' }), [
    'spec.since: Invalid value: "yesterday": spec.since in body must be of type date-time: "yesterday"',
    'spec.data: Invalid value: "??": spec.data in body must be of type byte: "??"',
  ])
  assert.deepEqual(lines({ hosts: ['a'], since: '2026-01-02T03:04:05Z', data: 'aGk=' }), [])
})

test('fields that no schema names are taken away and told', () => {
  const given = {
    kind: 'ServiceEntry',
    metadata: { name: 'a', labels: { port: 'x' }, owner: 'me' },
    spec: { port: 1, ports: [{ number: 1, nane: 'x' }], free: { any: { thing: 1 } }, labels: { port: 'y' } },
  }
  const { value, unknown, faults } = pruneUnknownFields(given, SCHEMA)
  assert.deepEqual(unknown, ['metadata.owner', 'spec.port', 'spec.ports[0].nane'])
  assert.deepEqual(faults, [])
  assert.deepEqual(value, {
    kind: 'ServiceEntry',
    metadata: { name: 'a', labels: { port: 'x' } },
    spec: { ports: [{ number: 1 }], free: { any: { thing: 1 } }, labels: { port: 'y' } },
  })
  assert.equal(given.spec.port, 1)
})

test('snake_case spellings are renamed, and two spellings of one field are a fault', () => {
  const once = pruneUnknownFields({ spec: { ports: [{ target_port: 8080 }], labels: { a_b: 'c' } } }, SCHEMA)
  assert.deepEqual(once.value, { spec: { ports: [{ targetPort: 8080 }], labels: { a_b: 'c' } } })
  assert.deepEqual(once.unknown, [])
  for (const port of [
    { target_port: 1, targetPort: 2 },
    { targetPort: 2, target_port: 1 },
  ]) {
    const { faults } = pruneUnknownFields({ spec: { ports: [port] } }, SCHEMA)
    assert.deepEqual(faults, [
      {
        reason: 'FieldValueDuplicate',
        field: 'spec.ports[0].targetPort',
        message: 'Duplicate value: "target_port"',
      },
    ])
  }
})

test('defaults stand in for what is absent or null', () => {
  const given = { spec: { hosts: null, weight: null, ports: [{ number: 1 }, { number: 2, protocol: null }] } }
  assert.deepEqual(applyDefaults(given, SCHEMA), {
    spec: {
      weight: null,
      ports: [
        { number: 1, protocol: 'TCP' },
        { number: 2, protocol: 'TCP' },
      ],
    },
  })
  assert.equal(given.spec.hosts, null)
})

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>

test('pruning and defaulting twice change nothing more, and defaults are never unknown', () => {
  fc.assert(
    fc.property(json, (spec) => {
      const pruned = pruneUnknownFields({ spec }, SCHEMA).value
      assert.deepEqual(pruneUnknownFields(pruned, SCHEMA), { value: pruned, unknown: [], faults: [] })
      const filled = applyDefaults(pruned, SCHEMA)
      assert.equal(applyDefaults(filled, SCHEMA), filled)
      assert.deepEqual(pruneUnknownFields(filled, SCHEMA).unknown, [])
    }),
  )
})

test('any value is valid or has faults with a reason, a field and a sentence', () => {
  fc.assert(
    fc.property(json, (value) => {
      for (const { reason, message } of validateSchema(value, SCHEMA)) {
        assert.match(reason ?? '', /^FieldValue/)
        assert.notEqual(message, '')
      }
    }),
  )
})

test('fields that a JSON text gives twice are told with their paths', () => {
  assert.deepEqual(duplicateJsonFields('{"a":1,"b":{"a":2,"c":[{"d":1},{"d":1,"d":2}],"a":3},"a":4}'), [
    'b.c[1].d',
    'b.a',
    'a',
  ])
  assert.deepEqual(duplicateJsonFields('{"a\\"":"{\\"x\\":1","\\u0061":[",","a"],"b":"a"}'), [])
  assert.deepEqual(duplicateJsonFields('{"a":1,"\\u0061":2}'), ['a'])
  assert.deepEqual(duplicateJsonFields(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), [])
})

test('what JSON.stringify wrote has no duplicates', () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.deepEqual(duplicateJsonFields(JSON.stringify(value)), [])
    }),
  )
})
