import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JsonMap } from '#kube/json-value.ts'
import { objectSchema } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { applyConflict } from './apply-conflict.ts'
import { FieldSet } from './field-set.ts'
import { decodeManagedFields, managedFieldsOf } from './managed-fields.ts'
import { fieldSetOf } from './owned-fields.ts'
import { SYSTEM_FIELDS } from './system-fields.ts'
import { trackUpdate } from './track-update.ts'

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        host: { type: 'string' },
        hosts: { type: 'array', items: { type: 'string' } },
        mode: { type: 'string' },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            properties: {
              port: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
              name: { type: 'string' },
            },
          },
        },
        selector: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
  },
}

const API_VERSION = 'networking.istio.io/v1'
const NOW = new Date('2026-01-02T03:04:05.678Z')
const LATER = new Date('2026-01-02T04:00:00Z')

function object(spec: unknown, labels?: JsonMap): JsonMap {
  const metadata = { name: 'x', ...(labels === undefined ? {} : { labels }) }
  return { apiVersion: API_VERSION, kind: 'X', metadata, spec }
}

function outcome(live: JsonMap | undefined, applied: JsonMap, manager: string, force = false, now = NOW) {
  return applyConfiguration({ live, applied, manager, force, schema: SCHEMA, apiVersion: API_VERSION, now })
}

function apply(live: JsonMap | undefined, applied: JsonMap, manager: string, force = false, now = NOW): JsonMap {
  const result = outcome(live, applied, manager, force, now)
  assert.ok(result.kind === 'applied', JSON.stringify(result))
  return result.value
}

function update(before: JsonMap | undefined, after: JsonMap, manager: string, apiVersion = API_VERSION): JsonMap {
  return trackUpdate({ before, after, manager, operation: 'Update', schema: SCHEMA, apiVersion, now: NOW })
}

function fieldsOf(value: JsonMap, manager: string): FieldSet {
  const entries = decodeManagedFields(managedFieldsOf(value)) ?? []
  return entries
    .filter((entry) => entry.manager === manager)
    .reduce((all, { fields }) => all.union(fields), FieldSet.empty)
}

function conflictText(live: JsonMap, applied: JsonMap, manager: string): string {
  const result = outcome(live, applied, manager)
  return result.kind === 'conflict' ? applyConflict(result.conflicts).message : 'applied'
}

test('who applies a new object owns what it names, and nothing that the server sets', () => {
  const value = apply(
    undefined,
    object({ host: 'a', hosts: ['x'], ports: [{ port: 80, name: 'p' }] }, { app: 'y' }),
    'alice',
  )
  assert.deepEqual(managedFieldsOf(value), [
    {
      manager: 'alice',
      operation: 'Apply',
      apiVersion: API_VERSION,
      time: '2026-01-02T03:04:05Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:app': {} } },
        'f:spec': {
          'f:host': {},
          'f:hosts': {},
          'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
        },
      },
    },
  ])
})

test('a field of somebody else is a conflict, told as kubectl shows it', () => {
  const live = update(undefined, object({ host: 'a' }), 'kubectl-client-side-apply', 'networking.istio.io/v1alpha3')
  assert.equal(
    conflictText(live, object({ host: 'b' }), 'alice'),
    'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using networking.istio.io/v1alpha3: .spec.host',
  )
})

test('several conflicts are told by manager, and managers that applied without their version', () => {
  let live = update(undefined, object({ host: 'a', mode: 'x', ports: [{ port: 80, name: 'p' }] }), 'editor')
  live = apply(live, object({ labels: { a: '1' } }), 'bob')
  assert.equal(
    conflictText(live, object({ host: 'b', mode: 'y', ports: [{ port: 80, name: 'q' }], labels: { a: '2' } }), 'alice'),
    [
      'Apply failed with 4 conflicts: conflicts with "bob":',
      '- .spec.labels.a',
      `conflicts with "editor" using ${API_VERSION}:`,
      '- .spec.host',
      '- .spec.mode',
      '- .spec.ports[port=80,protocol="TCP"].name',
    ].join('\n'),
  )
})

test('to apply the value that a field has is no conflict, and shares it', () => {
  const live = update(undefined, object({ host: 'a' }), 'editor')
  const value = apply(live, object({ host: 'a' }), 'alice')
  const host = ['f:spec', 'f:host']
  assert.ok(fieldsOf(value, 'alice').has(host) && fieldsOf(value, 'editor').has(host))
})

test('force takes fields away from their managers', () => {
  const live = update(undefined, object({ host: 'a', mode: 'x' }), 'editor')
  const value = apply(live, object({ host: 'b' }), 'alice', true)
  assert.deepEqual(value.spec, { host: 'b', mode: 'x' })
  assert.ok(!fieldsOf(value, 'editor').has(['f:spec', 'f:host']))
  assert.ok(fieldsOf(value, 'editor').has(['f:spec', 'f:mode']))
})

test('what a manager leaves out is removed where nobody else owns it', () => {
  const first = object(
    { host: 'a', mode: 'x', tags: ['a', 'b'], ports: [{ port: 80 }, { port: 81 }] },
    { app: '1', team: '2' },
  )
  let live = apply(undefined, first, 'alice')
  live = apply(live, object({ mode: 'x', tags: ['b'] }), 'bob')
  live = apply(live, object({ ports: [{ port: 81 }] }, { team: '2' }), 'alice')
  assert.deepEqual(live.spec, { mode: 'x', tags: ['b'], ports: [{ port: 81 }] })
  assert.deepEqual((live.metadata as JsonMap).labels, { team: '2' })
  const nothing = apply(live, { apiVersion: API_VERSION, kind: 'X' }, 'alice')
  assert.deepEqual([(nothing.metadata as JsonMap).name, nothing.spec], ['x', { mode: 'x', tags: ['b'] }])
  assert.equal(apply(nothing, { apiVersion: API_VERSION, kind: 'X' }, 'alice', false, LATER), nothing)
})

test('an element goes with the last manager that named it, whoever owns a field of it', () => {
  let live = apply(undefined, object({ ports: [{ port: 80, name: 'p' }] }), 'alice')
  live = update(live, { ...live, spec: { ports: [{ port: 80, name: 'q' }] } }, 'editor')
  live = apply(live, object({ ports: [] }), 'alice')
  assert.deepEqual(live.spec, { ports: [] })
})

test('atomic maps and lists are replaced whole, elements with keys are merged in order', () => {
  const live = update(
    undefined,
    object({
      hosts: ['a'],
      selector: { a: '1' },
      ports: [
        { port: 1, protocol: 'TCP' },
        { port: 2, protocol: 'TCP', name: 'x' },
      ],
    }),
    'editor',
  )
  const value = apply(
    live,
    object({ hosts: ['b'], selector: { b: '2' }, ports: [{ port: 3 }, { port: 2 }] }),
    'alice',
    true,
  )
  assert.deepEqual(value.spec, {
    hosts: ['b'],
    selector: { b: '2' },
    ports: [{ port: 1, protocol: 'TCP' }, { port: 3 }, { port: 2, protocol: 'TCP', name: 'x' }],
  })
})

test('an applied list whose elements cannot be told apart is refused', () => {
  assert.throws(() => apply(undefined, object({ ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] }), 'a'), {
    message: '.spec.ports: duplicate entries for key [port=1,protocol="TCP"]',
  })
  assert.throws(() => apply(undefined, object({ tags: ['x', 'x'] }), 'a'), {
    message: '.spec.tags: duplicate entries for key [="x"]',
  })
})

test('a user who changes from client-side to server-side apply meets no conflict', () => {
  const applied = { ...object({ host: 'a' }), metadata: { name: 'x' } }
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) }
  const live = update(undefined, { ...applied, metadata: { name: 'x', annotations } }, 'kubectl-client-side-apply')
  assert.equal(outcome(live, object({ host: 'b' }), 'kubectl').kind, 'applied')
  assert.equal(outcome(live, object({ host: 'b' }), 'alice').kind, 'conflict')
  const edited = update(live, { ...live, spec: { host: 'c' } }, 'kubectl-edit')
  assert.equal(outcome(edited, object({ host: 'b' }), 'kubectl').kind, 'conflict')
})

test('the annotation of client-side apply stays true, and is not made where there is none', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
  const applied = object({ host: 'a' })
  const annotations = { [annotation]: JSON.stringify(applied) }
  const live = update(undefined, { ...applied, metadata: { name: 'x', annotations } }, 'kubectl-client-side-apply')
  const value = apply(live, object({ mode: 'm', host: 'b' }), 'kubectl')
  const kept = ((value.metadata as JsonMap).annotations as JsonMap)[annotation]
  assert.equal(
    kept,
    `{"apiVersion":"${API_VERSION}","kind":"X","metadata":{"name":"x"},"spec":{"host":"b","mode":"m"}}\n`,
  )
  assert.equal(apply(value, object({ mode: 'm', host: 'b' }), 'kubectl', false, LATER), value)
  assert.equal((apply(undefined, applied, 'kubectl').metadata as JsonMap).annotations, undefined)
})

test('an update takes over what it changes, and removed fields belong to nobody', () => {
  let live = update(undefined, object({ host: 'a', mode: 'x' }, { app: '1' }), 'kubectl-create')
  assert.deepEqual(fieldsOf(live, 'kubectl-create').encode(), {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': { '.': {}, 'f:host': {}, 'f:mode': {} },
  })
  live = update(live, { ...object({ host: 'b' }, { app: '1' }) }, 'kubectl-edit')
  assert.deepEqual(fieldsOf(live, 'kubectl-edit').encode(), { 'f:spec': { 'f:host': {} } })
  assert.deepEqual(fieldsOf(live, 'kubectl-create').encode(), {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': {},
  })
  const same = update(live, live, 'somebody')
  assert.deepEqual(same, live)
  const taken = apply(live, object({ host: 'b' }), 'alice')
  const gone = update(taken, object(undefined), 'deleter')
  assert.equal(fieldsOf(gone, 'kubectl-edit').isEmpty, true)
})

test('a writer may set managedFields, and empties them with one empty entry', () => {
  const live = update(undefined, object({ host: 'a' }), 'editor')
  const emptied = update(live, { ...live, metadata: { name: 'x', managedFields: [{}] } }, 'editor')
  assert.equal(managedFieldsOf(emptied), undefined)
  const forgotten = update(live, { ...live, metadata: { name: 'x', managedFields: [] } }, 'editor')
  assert.deepEqual(managedFieldsOf(forgotten), managedFieldsOf(live))
})

test('an object does not grow with the number of its writers', () => {
  let live: JsonMap = update(undefined, object({}), 'first')
  for (let index = 0; index < 30; index++) {
    live = update(
      live,
      object({ labels: Object.fromEntries([...Array(index + 1).keys()].map((at) => [`l${at}`, 'x'])) }),
      `w${index}`,
    )
  }
  const entries = decodeManagedFields(managedFieldsOf(live)) ?? []
  assert.equal(entries.length, 10)
  assert.ok(entries.some(({ manager }) => manager === 'ancient-changes'))
})

const specs = fc.record(
  {
    host: fc.constantFrom('a', 'b'),
    hosts: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    tags: fc.uniqueArray(fc.constantFrom('s', 't', 'u')),
    ports: fc.uniqueArray(
      fc.record(
        { port: fc.integer({ min: 1, max: 3 }), protocol: fc.constant('TCP'), name: fc.constantFrom('p', 'q') },
        { noNullPrototype: true },
      ),
      { selector: ({ port }) => port },
    ),
    selector: fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('1', '2'), { noNullPrototype: true }),
    labels: fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('1', '2'), { noNullPrototype: true }),
  },
  { requiredKeys: [], noNullPrototype: true },
)
const write = fc.record({
  manager: fc.constantFrom('a', 'b', 'c'),
  how: fc.constantFrom('apply', 'update'),
  spec: specs,
})

test('applied twice changes nothing; everybody is named who set what is there; force gives the applied value', () => {
  const whole = objectSchema(SCHEMA)
  fc.assert(
    fc.property(fc.array(write, { minLength: 1, maxLength: 6 }), (writes) => {
      let live: JsonMap | undefined
      for (const { manager, how, spec } of writes) {
        if (how === 'update') {
          live = update(live, { ...object(spec), metadata: live?.metadata ?? { name: 'x' } }, manager)
        } else {
          live = apply(live, object(spec), manager, true)
          assert.equal(apply(live, object(spec), manager, false, LATER), live)
          const wanted = fieldSetOf(object(spec), whole).difference(SYSTEM_FIELDS)
          const entries = decodeManagedFields(managedFieldsOf(live)) ?? []
          const own = entries.find((entry) => entry.manager === manager && entry.operation === 'Apply')
          assert.ok((own?.fields ?? FieldSet.empty).equals(wanted))
          const values = (live.spec ?? {}) as JsonMap
          for (const name of ['host', 'hosts', 'selector'] as const) {
            if (spec[name] !== undefined) assert.deepEqual(values[name], spec[name])
          }
        }
        const entries = decodeManagedFields(managedFieldsOf(live)) ?? []
        assert.ok(entries.every(({ fields }) => !fields.isEmpty))
        const owned = entries.reduce((all, { fields }) => all.union(fields), FieldSet.empty)
        const there = fieldSetOf(live, whole).difference(SYSTEM_FIELDS)
        // A container that somebody emptied is nobody's, in Kubernetes too.
        const containers = ['f:labels', 'f:ports', 'f:tags']
        const leaves = [...there.paths()].filter(
          ([root, field, below]) =>
            root === 'f:spec' && field !== undefined && (below !== undefined || !containers.includes(field)),
        )
        for (const path of leaves) assert.ok(owned.has(path), `${path} of ${JSON.stringify(live)}`)
      }
    }),
    { numRuns: 300 },
  )
})
