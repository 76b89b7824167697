import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { apiVersionOf, type JsonObject, type KindDefinition } from '#api/kind.ts'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { parseManifests } from '#kube/manifest.ts'
import { objectSchema } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { validateSchema } from '#kube/schema-validation.ts'
import { checkWritten } from './check-written.ts'
import { CORE_KINDS } from './core-kinds.ts'

function kindNamed(name: string): KindDefinition {
  const found = CORE_KINDS.find((kind) => kind.kind === name)
  assert.ok(found, name)
  return found
}

test('the manifests of the samples fit their schemas and break no rule', () => {
  const folder = new URL('testdata/samples/', import.meta.url)
  const kinds = new Map<string, number>()
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
    for (const manifest of parseManifests(name, readFileSync(new URL(name, folder), 'utf8')).manifests) {
      const kind = kindNamed(manifest.kind)
      assert.equal(manifest.apiVersion, apiVersionOf(kind, 'v1'))
      const report = new Report()
      checkWritten(kind, manifest.value, report)
      assert.deepEqual(report.findings, [], name)
      const stored = kind.prepare?.(manifest.value) ?? manifest.value
      assert.deepEqual(validateSchema(stored, objectSchema(kind.schema)), [], name)
      kinds.set(manifest.kind, (kinds.get(manifest.kind) ?? 0) + 1)
    }
  }
  assert.deepEqual(Object.fromEntries(kinds), { Secret: 1, Service: 5, Deployment: 6, ServiceAccount: 2 })
})

test('of an object in a file all that does not fit is told with its place', () => {
  const report = new Report()
  const object = {
    metadata: { name: 'Bad_Name', label: 'x' },
    spec: { replica: 1, replicas: 'two', selector: {}, template: { spec: { containers: [{ image: 1 }] } } },
  }
  checkWritten(kindNamed('Deployment'), { apiVersion: 'apps/v1', kind: 'Deployment', ...object }, report)
  assert.deepEqual(
    report.findings.map(({ level, path, text }) => `${level} ${formatPath(path)}: ${text.split(':')[0]}`),
    [
      'warning metadata.label: unknown field "metadata.label"',
      'warning spec.replica: unknown field "spec.replica"',
      'error metadata.name: Invalid value',
      'error spec.replicas: Invalid value',
      'error spec.template.spec.containers[0].image: Invalid value',
      'error spec.template.spec.containers[0].name: Required value',
    ],
  )
})

/** Every schema of a kind with its path, those of lists and maps included. */
function* schemasIn(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema]
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* schemasIn(field, `${path}.${name}`)
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${path}[]`)
  if (schema.additionalProperties !== undefined) yield* schemasIn(schema.additionalProperties, `${path}{}`)
}

test('every field has a sentence, every key of a list is a field of its elements, every required field is one', () => {
  for (const kind of CORE_KINDS) {
    for (const [path, schema] of schemasIn(kind.schema, kind.kind)) {
      if (path.includes('.') && !/[\]}]$|\.metadata\./.test(path)) assert.match(schema.description ?? '', /\.$/, path)
      const fields = Object.keys(schema.items?.properties ?? {})
      const open = schema.items?.['x-kubernetes-preserve-unknown-fields'] === true
      for (const key of schema['x-kubernetes-list-map-keys'] ?? []) assert.ok(open || fields.includes(key), path)
      if (schema['x-kubernetes-list-type'] === 'map') {
        assert.equal(schema['x-kubernetes-patch-merge-key'], schema['x-kubernetes-list-map-keys']?.[0], path)
      }
      for (const name of schema.required ?? []) {
        assert.ok(schema['x-kubernetes-preserve-unknown-fields'] || schema.properties?.[name], `${path}.${name}`)
      }
    }
  }
})

test('what was prepared once stays as it is', () => {
  for (const kind of CORE_KINDS) {
    fc.assert(
      fc.property(objectOf(kind), (object) => {
        const once = kind.prepare?.(object) ?? object
        assert.deepEqual(kind.prepare?.(once) ?? once, once)
      }),
      { numRuns: 50 },
    )
  }
})

test('no data makes a default, a rule or a column throw', () => {
  for (const kind of CORE_KINDS) {
    const object = fc.oneof(
      { weight: 3, arbitrary: objectOf(kind) },
      { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('metadata', 'spec', 'status', 'data'), fc.jsonValue()) },
    )
    fc.assert(
      fc.property(object, object, (before, after) => {
        const old = kind.prepare?.(before) ?? before
        const now = kind.prepare?.(after, old) ?? after
        kind.check(now, new Report())
        kind.checkUpdate?.(old, now, new Report())
        for (const { value } of kind.columns) {
          if (typeof value === 'function') assert.notEqual(typeof value(now), 'object')
        }
      }),
      { numRuns: 100 },
    )
  }
})

/** Objects whose fields are those of the schema, some with values of another type. */
function objectOf(kind: KindDefinition): fc.Arbitrary<JsonObject> {
  return fc.record({
    metadata: fc.record({ name: fc.string({ maxLength: 3 }) }, { requiredKeys: [] }),
    ...Object.fromEntries(
      Object.entries(kind.schema.properties ?? {}).map(([name, schema]) => [name, anyValue(schema, 5)]),
    ),
  })
}

function anyValue(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: rightValue(schema, depth) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
  )
}

function rightValue(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return fc.jsonValue({ maxDepth: 1 })
  if (schema['x-kubernetes-int-or-string']) return fc.oneof(fc.integer(), fc.string({ maxLength: 3 }))
  switch (schema.type) {
    case 'array':
      return fc.array(anyValue(schema.items ?? {}, depth - 1), { maxLength: 2 })
    case 'object': {
      if (schema.additionalProperties !== undefined) {
        return fc.dictionary(fc.string({ maxLength: 3 }), anyValue(schema.additionalProperties, depth - 1), {
          maxKeys: 2,
        })
      }
      const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, anyValue(field, depth - 1)])
      return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] })
    }
    case 'integer':
      return fc.integer({ min: -1, max: 70_000 })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return fc.string({ maxLength: 3 })
    default:
      return fc.jsonValue({ maxDepth: 1 })
  }
}

test('core kinds are found by the names that kubectl users type', () => {
  const names = CORE_KINDS.map(({ plural, shortNames, categories }) => [plural, ...shortNames, ...categories].join(' '))
  assert.deepEqual(names.sort(), [
    'configmaps cm',
    'deployments deploy all',
    'endpoints ep',
    'endpointslices',
    'events ev',
    'namespaces ns',
    'nodes no',
    'pods po all',
    'replicasets rs all',
    'secrets',
    'serviceaccounts sa',
    'services svc all',
  ])
})
