import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Schema } from '#kube/schema.ts'
import { apiVersionOf, type KindDefinition } from './kind.ts'
import { KINDS } from './kinds.ts'
import { Report } from './schema/report.ts'

const ANY = fc.jsonValue({ maxDepth: 2 })
const TEXT = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '',
    '*',
    '*.a.com',
    'ns/a.com',
    '/',
    '5s',
    '0',
    '1.2.3.4',
    'unix://',
    '[',
    '@request.auth.claims',
    '%',
  ),
)

/** Values that a schema allows; with `junk`, any value may stand for a field's. */
function valueFor(schema: Schema, junk: boolean): fc.Arbitrary<unknown> {
  const below = (inner: Schema) => {
    const value = valueFor(inner, junk)
    return junk ? fc.oneof({ weight: 9, arbitrary: value }, ANY) : value
  }
  switch (schema.type) {
    case 'object': {
      if (schema.properties === undefined) {
        return fc.dictionary(TEXT, schema.additionalProperties ? below(schema.additionalProperties) : ANY, {
          maxKeys: 2,
        })
      }
      const fields = Object.entries(schema.properties).map(([name, field]) => [name, below(field)] as const)
      return fc.record(Object.fromEntries(fields), { requiredKeys: [] })
    }
    case 'array':
      return fc.array(below(schema.items ?? {}), { maxLength: 2 })
    case 'string':
      return schema.enum === undefined ? TEXT : fc.constantFrom(...schema.enum)
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 70_000, 4_294_967_295) })
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return fc.boolean()
    default:
      return ANY
  }
}

function findingsOf(definition: KindDefinition, fields: unknown, metadata: unknown): Report {
  const report = new Report()
  const apiVersion = apiVersionOf(definition, definition.versions[0])
  const kind = definition.kind
  definition.check({ ...(fields as object), apiVersion, kind, metadata }, report)
  return report
}

const MISFIT = /^Invalid value: must be a (?!valid)|^unknown field/
/** Schemas of Istio's kinds list the names that a field may have; of core kinds the rules do, as in Kubernetes. */
const MISFIT_OR_MISNAMED = new RegExp(`${MISFIT.source}|^Unsupported value`)

for (const definition of KINDS) {
  test(`no data makes the check of a ${definition.kind} throw`, () => {
    fc.assert(
      fc.property(valueFor(definition.schema, true), ANY, (fields, metadata) => {
        assert.ok(Array.isArray(findingsOf(definition, fields, metadata).findings))
      }),
      { numRuns: 60 },
    )
  })

  test(`a ${definition.kind} whose fields the schema allows is never said to have fields of the wrong type`, () => {
    fc.assert(
      fc.property(valueFor(definition.schema, false), (fields) => {
        const { findings } = findingsOf(definition, fields, { name: 'a' })
        const wrong = findings.filter(({ text }) => (definition.isCore ? MISFIT : MISFIT_OR_MISNAMED).test(text))
        assert.deepEqual(wrong, [])
      }),
      { numRuns: 60 },
    )
  })
}
