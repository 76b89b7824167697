import { createHash } from 'node:crypto'
import { schemaOf } from '#apiserver/objects/admit.ts'
import type { KindRegistry, ServedKind } from '#apiserver/objects/kind-registry.ts'
import { OBJECT_META_SCHEMA } from '#kube/object-schema.ts'
import { DELETE_OPTIONS_SCHEMA, LIST_META_SCHEMA, META_PREFIX, STATUS_SCHEMA, schemaName } from './openapi-names.ts'
import { pathsOf } from './openapi-paths.ts'

/** One document of /openapi/v3: all that is served of one group and version. */
export interface OpenApiDocument {
  /** Below /openapi/v3/: "api/v1", "apis/networking.istio.io/v1". */
  readonly path: string
  readonly text: string
  /** Changes when the text does. */
  readonly hash: string
}

/** The document of one group and version; kubectl reads it to validate, to explain and to see what the server can do. */
export function openApiDocument(registry: KindRegistry, group: string, version: string, info: object): OpenApiDocument {
  const kinds = registry.inVersion(group, version)
  const document = {
    openapi: '3.0.0',
    info,
    paths: Object.fromEntries(kinds.flatMap(pathsOf)),
    components: { schemas: Object.fromEntries([...META_SCHEMAS, ...kinds.flatMap(schemasOf)]) },
  }
  const text = JSON.stringify(document)
  const hash = createHash('sha256').update(text).digest('hex').toUpperCase()
  return { path: group === '' ? `api/${version}` : `apis/${group}/${version}`, text, hash }
}

const META_SCHEMAS: readonly (readonly [string, object])[] = [
  [`${META_PREFIX}.ObjectMeta`, OBJECT_META_SCHEMA],
  [`${META_PREFIX}.ListMeta`, LIST_META_SCHEMA],
  [`${META_PREFIX}.DeleteOptions`, DELETE_OPTIONS_SCHEMA],
  [`${META_PREFIX}.Status`, STATUS_SCHEMA],
]

/** A kind and its list. */
function schemasOf(served: ServedKind): readonly (readonly [string, object])[] {
  const { group, kind } = served.definition
  const schema = schemaOf(served.definition)
  const whole = {
    ...schema,
    properties: { ...schema.properties, metadata: reference('ObjectMeta', "Standard object's metadata.") },
    'x-kubernetes-group-version-kind': [{ group, version: served.version, kind }],
  }
  const list = {
    type: 'object',
    description: `A list of ${kind} objects.`,
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: reference('ListMeta', 'What the server says of the list.'),
      items: { type: 'array', items: { $ref: `#/components/schemas/${schemaName(served)}` } },
    },
    'x-kubernetes-group-version-kind': [{ group, version: served.version, kind: `${kind}List` }],
  }
  return [
    [schemaName(served), whole],
    [`${schemaName(served)}List`, list],
  ]
}

function reference(name: string, description: string): object {
  return { description, allOf: [{ $ref: `#/components/schemas/${META_PREFIX}.${name}` }] }
}
