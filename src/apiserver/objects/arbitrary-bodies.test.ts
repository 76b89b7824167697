import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { apiVersionOf, type JsonObject, type KindDefinition } from '#api/kind.ts'
import { KINDS } from '#api/kinds.ts'
import type { Schema } from '#kube/schema.ts'
import { ObjectRig, rejectionOf } from '#test/object-rig.ts'
import { schemaOf } from './admit.ts'
import { createBuiltInNamespaces } from './built-in-namespaces.ts'

const ANY = fc.jsonValue({ maxDepth: 3, noUnicodeString: false })

/** Values that mostly fit a schema, and now and then do not. */
function valuesOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const fitting = depth > 5 ? fc.constant(null) : fittingValuesOf(schema, depth)
  return fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: ANY })
}

function fittingValuesOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'object':
      if (schema.properties === undefined) {
        const { additionalProperties: values } = schema
        const keys = fc.constantFrom('a', 'app', '__proto__', 'constructor', '*', '')
        return fc.dictionary(keys, values === undefined ? ANY : valuesOf(values, depth + 1), { maxKeys: 3 })
      }
      return someFields(schema.properties, schema.required ?? [], depth)
    case 'array':
      return fc.array(schema.items === undefined ? ANY : valuesOf(schema.items, depth + 1), { maxLength: 3 })
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: -1, max: 70_000 }), fc.constantFrom(0, 80, 443, 1.5, 1e300))
    case 'boolean':
      return fc.boolean()
    case 'string':
      return fc.oneof(
        fc.constantFrom(...(schema.enum ?? ['a', 'a.example.com', '*', '10.0.0.0/8', '5s', 'HTTP', '{'])),
        fc.string(),
      )
    default:
      return ANY
  }
}

function someFields(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  depth: number,
): fc.Arbitrary<unknown> {
  const names = Object.keys(properties)
  const chosen = fc
    .subarray(names, { maxLength: Math.min(6, names.length) })
    .map((some) => [...new Set([...required, ...some])])
  return chosen.chain((some) =>
    fc.record(Object.fromEntries(some.map((name) => [name, valuesOf(properties[name] ?? {}, depth + 1)]))),
  )
}

function objectsOf(definition: KindDefinition): fc.Arbitrary<JsonObject> {
  const { properties = {} } = schemaOf(definition)
  const { metadata, apiVersion: _, kind: __, ...fields } = properties
  return fc
    .tuple(someFields(fields, definition.schema.required ?? [], 0), valuesOf(metadata ?? {}, 2), fc.boolean())
    .map(([own, any, isNamed]) => ({
      ...(own as object),
      apiVersion: apiVersionOf(definition, definition.versions[0]),
      kind: definition.kind,
      metadata: isNamed ? { name: 'a' } : any,
    }))
}

const STRICTNESS = fc.constantFrom('Strict' as const, 'Warn' as const, 'Ignore' as const)

for (const definition of KINDS) {
  test(`whatever is sent as a ${definition.kind} of ${definition.group || 'the core group'} is stored or refused with a Status`, async () => {
    const api = new ObjectRig()
    await createBuiltInNamespaces(api.context)
    const place = {
      apiVersion: apiVersionOf(definition, definition.versions[0]),
      kind: definition.kind,
      metadata: { name: 'a' },
    }
    await fc.assert(
      fc.asyncProperty(objectsOf(definition), ANY, STRICTNESS, async (object, patch, fieldValidation) => {
        const served = { ...place, metadata: {} }
        const created = await rejectionOf(api.createIn(served, object, { fieldValidation }))
        if (created === undefined && api.has(place)) {
          await rejectionOf(api.patch(place, { ...object, metadata: {} }, { fieldValidation }))
          await rejectionOf(api.patch(place, patch, { fieldValidation }))
          await rejectionOf(api.apply({ ...object, metadata: { name: 'a' } }, { fieldValidation, force: true }))
          assert.equal(await rejectionOf(api.update(api.get(place))), undefined)
          await rejectionOf(api.delete(place))
        }
      }),
      { numRuns: 60 },
    )
  })
}
