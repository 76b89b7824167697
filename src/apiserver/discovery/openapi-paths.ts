import type { ServedKind } from '#apiserver/objects/kind-registry.ts'
import { patchTypesOf } from '#apiserver/objects/patch.ts'
import { META_PREFIX, schemaName } from './openapi-names.ts'

type Path = readonly [string, object]

const DRY_RUN = query('dryRun', 'string', '"All": everything but the write itself.')
const WRITE_PARAMETERS = [
  DRY_RUN,
  query('fieldManager', 'string', 'Who owns the fields that are written.'),
  query('fieldValidation', 'string', 'What becomes of unknown and duplicate fields: Strict, Warn or Ignore.'),
]
const FORCE = query('force', 'boolean', 'Take fields from other managers.')
const LIST_PARAMETERS = [
  query('labelSelector', 'string', 'Objects with these labels only.'),
  query('fieldSelector', 'string', 'Objects with these fields only.'),
  query('limit', 'integer', 'At most so many objects.'),
  query('continue', 'string', 'What the page before answered.'),
  query('resourceVersion', 'string', 'A state that the answer must not be older than.'),
  query('resourceVersionMatch', 'string', 'Exact or NotOlderThan.'),
  query('watch', 'boolean', 'Tell the changes as they happen.'),
  query('allowWatchBookmarks', 'boolean', 'Tell now and then how far the watch has come.'),
  query('sendInitialEvents', 'boolean', 'Begin the watch with the objects as they are.'),
  query('timeoutSeconds', 'integer', 'End the watch after this time.'),
]

/** The paths of one kind: its collection, its objects and their status. */
export function pathsOf(served: ServedKind): readonly Path[] {
  const { definition, apiVersion } = served
  const { group, plural, scope, kind } = definition
  const root = `${group === '' ? '/api' : '/apis'}/${apiVersion}`
  const isNamespaced = scope === 'Namespaced'
  const collection = isNamespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`
  const place = isNamespaced ? [pathParameter('namespace', 'The namespace of the object.')] : []
  const parameters = [pathParameter('name', `The name of the ${kind}.`), ...place]
  return [
    ...(isNamespaced ? [[`${root}/${plural}`, { get: list(served) }] as const] : []),
    [
      collection,
      {
        get: list(served),
        post: create(served),
        delete: removal(served, 'deletecollection'),
        parameters: [...place],
      },
    ],
    [`${collection}/{name}`, { ...changes(served), delete: removal(served, 'delete'), parameters }],
    ...(definition.hasStatus ? [[`${collection}/{name}/status`, { ...changes(served), parameters }] as const] : []),
  ]
}

function changes(served: ServedKind): object {
  const responses = answers(schemaName(served))
  const patches = patchTypesOf(served).map((type) => [type, { schema: { type: 'object' } }] as const)
  return {
    get: operation(served, 'get', { responses }),
    put: operation(served, 'put', { parameters: WRITE_PARAMETERS, requestBody: bodyOf(served), responses }),
    patch: operation(served, 'patch', {
      parameters: [...WRITE_PARAMETERS, FORCE],
      requestBody: { content: Object.fromEntries(patches) },
      responses,
    }),
  }
}

function list(served: ServedKind): object {
  return operation(served, 'list', { parameters: LIST_PARAMETERS, responses: answers(`${schemaName(served)}List`) })
}

function create(served: ServedKind): object {
  const responses = answers(schemaName(served))
  return operation(served, 'post', { parameters: WRITE_PARAMETERS, requestBody: bodyOf(served), responses })
}

function removal(served: ServedKind, action: string): object {
  const requestBody = { content: { '*/*': { schema: { $ref: `#/components/schemas/${META_PREFIX}.DeleteOptions` } } } }
  return operation(served, action, { parameters: [DRY_RUN], requestBody, responses: answers(`${META_PREFIX}.Status`) })
}

function operation({ definition: { group, kind }, version }: ServedKind, action: string, rest: object): object {
  return { ...rest, 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': { group, version, kind } }
}

function bodyOf(served: ServedKind): object {
  return { content: { '*/*': { schema: { $ref: `#/components/schemas/${schemaName(served)}` } } } }
}

function answers(schema: string): object {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } }
  return { '200': { description: 'OK', content }, '401': { description: 'Unauthorized' } }
}

function query(name: string, type: string, description: string): object {
  return { name, in: 'query', description, schema: { type, uniqueItems: true } }
}

function pathParameter(name: string, description: string): object {
  return { name, in: 'path', required: true, description, schema: { type: 'string', uniqueItems: true } }
}
