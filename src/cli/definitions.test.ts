import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { parseAllDocuments } from 'yaml'
import { KINDS } from '#api/kinds.ts'
import type { Schema } from '#kube/schema.ts'
import { addDefinitionsVerb } from './definitions.ts'

interface Definition {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly versions: readonly { readonly storage: boolean; readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

function printed(...groups: readonly string[]): string {
  let stdout = ''
  const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => undefined } }
  const program = new Command('postern').exitOverride()
  addDefinitionsVerb(program, io)
  program.parse(['definitions', ...groups], { from: 'user' })
  return stdout
}

function definitions(...groups: readonly string[]): readonly Definition[] {
  return parseAllDocuments(printed(...groups)).map((document) => document.toJS() as Definition)
}

/** Where a schema says nothing of the type, which Kubernetes refuses ("structural schemas"). */
function untyped(schema: Schema, path: string): readonly string[] {
  const { properties = {}, items, additionalProperties } = schema
  const isTyped =
    schema.type !== undefined ||
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    schema['x-kubernetes-int-or-string'] === true
  return [
    ...(isTyped ? [] : [path]),
    ...Object.entries(properties).flatMap(([name, one]) => untyped(one, `${path}.${name}`)),
    ...(items === undefined ? [] : untyped(items, `${path}[]`)),
    ...(additionalProperties === undefined ? [] : untyped(additionalProperties, `${path}{}`)),
  ]
}

test('every kind that is not of Kubernetes itself is defined, stored in one version, by a schema that Kubernetes takes', () => {
  const all = definitions()
  const kinds = KINDS.filter(({ isCore }) => !isCore)
  assert.deepEqual(
    all.map(({ metadata }) => metadata.name),
    kinds.map(({ plural, group }) => `${plural}.${group}`),
  )
  for (const { metadata, spec } of all) {
    assert.equal(spec.versions.filter(({ storage }) => storage).length, 1, metadata.name)
    for (const { schema } of spec.versions) {
      assert.deepEqual(untyped(schema.openAPIV3Schema, metadata.name), [])
      assert.equal(schema.openAPIV3Schema.properties?.metadata, undefined, metadata.name)
    }
  }
})

test('no document refers to a part of itself by an alias, which not every reader knows', () => {
  assert.doesNotMatch(printed(), /: [&*]a\d+$/m)
})

test('the kinds of one group are printed alone, and a group that is not known is refused', () => {
  const names = definitions('config.istio.io').map(({ metadata }) => metadata.name)
  assert.deepEqual(names.sort(), [
    'destinationpolicies.config.istio.io',
    'egressrules.config.istio.io',
    'routerules.config.istio.io',
  ])
  assert.throws(() => printed('config.istio.oi'), { code: 'definitions/unknown-group' })
})
