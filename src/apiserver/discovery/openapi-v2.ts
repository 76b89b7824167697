import { schemaOf } from '#apiserver/objects/admit.ts'
import type { KindRegistry, ServedKind } from '#apiserver/objects/kind-registry.ts'
import { WireWriter } from '#apiserver/protobuf/wire-writer.ts'
import { OBJECT_META_SCHEMA } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { withBothSpellings } from './both-spellings.ts'
import { META_PREFIX, schemaName } from './openapi-names.ts'

/** The second is how old clients ask for it; it is no valid media type, so that it cannot be answered. */
export const OPENAPI_V2_TYPES = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
] as const

const META_NAME = `${META_PREFIX}.ObjectMeta`

/**
 * The document of /openapi/v2 in protobuf (gnostic's openapi.v2.Document), the only form in which old clients ask for it: kubectl up to 1.26
 * validates and explains by it, and looks there whether a kind can be patched without being stored.
 */
export function openApiV2(registry: KindRegistry, title: string, version: string): Uint8Array {
  const kinds = registry
    .groups()
    .flatMap(({ group, versions }) => versions.flatMap((one) => registry.inVersion(group, one)))
  const definitions = [
    named(META_NAME, schemaMessage(OBJECT_META_SCHEMA)),
    ...kinds.map((served) => named(schemaName(served), kindMessage(served))),
  ]
  return new WireWriter()
    .text(1, '2.0')
    .message(2, new WireWriter().text(1, title).text(2, version))
    .message(8, new WireWriter().messages(2, kinds.map(pathMessage)))
    .message(9, new WireWriter().messages(1, definitions))
    .finish()
}

/** A kind is found by the group, version and kind that its definition names; metadata is a definition of its own. */
function kindMessage(served: ServedKind): WireWriter {
  const schema = asWritten(served)
  const metadata = new WireWriter().text(1, `#/definitions/${META_NAME}`)
  return schemaMessage(schema, { metadata }).messages(31, [extension(gvkText([served]))])
}

/** Specs of Istio's kinds are protobuf messages, with two spellings of each field. */
function asWritten({ definition }: ServedKind): Schema {
  const schema = schemaOf(definition)
  const { spec } = schema.properties ?? {}
  if (definition.isCore || spec === undefined) return schema
  return { ...schema, properties: { ...schema.properties, spec: withBothSpellings(spec) } }
}

function schemaMessage(schema: Schema, given: Readonly<Record<string, WireWriter>> = {}): WireWriter {
  const { description, format, minimum, maximum, maxLength, minLength, pattern, maxItems, minItems, maxProperties } =
    schema
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    named(name, given[name] ?? schemaMessage(property)),
  )
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true
  const type = isIntOrString ? 'string' : schema.type
  const items = schema.items && new WireWriter().message(1, schemaMessage(schema.items))
  const values = schema.additionalProperties && new WireWriter().message(1, schemaMessage(schema.additionalProperties))
  return new WireWriter()
    .text(2, isIntOrString ? 'int-or-string' : format)
    .text(4, description)
    .double(7, maximum)
    .double(9, minimum)
    .integer(11, maxLength)
    .integer(12, minLength)
    .text(13, pattern)
    .integer(14, maxItems)
    .integer(15, minItems)
    .integer(17, maxProperties)
    .texts(19, schema.required ?? [])
    .messages(
      20,
      (schema.enum ?? []).map((value) => new WireWriter().text(2, JSON.stringify(value))),
    )
    .message(21, values)
    .message(22, type === undefined ? undefined : new WireWriter().texts(1, [type]))
    .message(23, items)
    .message(25, properties.length === 0 ? undefined : new WireWriter().messages(1, properties))
    .messages(31, mergeExtensions(schema))
}

/** How strategic merge patches, which old clients make themselves, merge a list. */
function mergeExtensions(schema: Schema): readonly WireWriter[] {
  const names = [
    'x-kubernetes-patch-strategy',
    'x-kubernetes-patch-merge-key',
    'x-kubernetes-preserve-unknown-fields',
  ] as const
  return names.flatMap((name) => (schema[name] === undefined ? [] : [extension(String(schema[name]), name)]))
}

/** The PATCH operation of a kind, with the parameters that say what the server can do. */
function pathMessage(served: ServedKind): WireWriter {
  const { definition, apiVersion } = served
  const { group, plural, scope } = definition
  const place = scope === 'Namespaced' ? 'namespaces/{namespace}/' : ''
  const path = `${group === '' ? '/api' : '/apis'}/${apiVersion}/${place}${plural}/{name}`
  const operation = new WireWriter()
    .messages(8, ['dryRun', 'fieldManager', 'fieldValidation'].map(queryParameter))
    .message(9, new WireWriter())
    .messages(13, [extension(gvkText(served))])
  return named(path, new WireWriter().message(8, operation))
}

function queryParameter(name: string): WireWriter {
  const query = new WireWriter().text(2, 'query').text(4, name).text(6, 'string').boolean(20, true)
  const parameter = new WireWriter().message(2, new WireWriter().message(3, query))
  return new WireWriter().message(1, parameter)
}

/** An extension's value is YAML, of which JSON is a part. */
function gvkText(served: ServedKind | readonly [ServedKind]): string {
  const one = (kind: ServedKind) => ({
    group: kind.definition.group,
    version: kind.version,
    kind: kind.definition.kind,
  })
  return JSON.stringify('definition' in served ? one(served) : served.map(one))
}

function extension(yaml: string, name = 'x-kubernetes-group-version-kind'): WireWriter {
  return new WireWriter().text(1, name).message(2, new WireWriter().text(2, yaml))
}

function named(name: string, value: WireWriter): WireWriter {
  return new WireWriter().text(1, name).message(2, value)
}
