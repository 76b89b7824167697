import type { KindDefinition } from '#api/kind.ts'
import { schemaOf } from '#apiserver/objects/admit.ts'
import type { KindRegistry, ServedKind } from '#apiserver/objects/kind-registry.ts'
import { timestamp } from '#apiserver/objects/prepare-metadata.ts'
import type { StoredObject } from '#apiserver/store/store.ts'

const GROUP = 'apiextensions.k8s.io'
const PLURAL = 'customresourcedefinitions'

const DEFINITION: KindDefinition = {
  group: GROUP,
  kind: 'CustomResourceDefinition',
  plural: PLURAL,
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  versions: ['v1'],
  description: 'A kind that is not one of Kubernetes itself.',
  columns: [
    {
      name: 'Created At',
      type: 'string',
      description: 'When this server began to serve the kind.',
      priority: 0,
      value: '.metadata.creationTimestamp',
    },
  ],
  schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  hasStatus: false,
  isCore: true,
  check: () => {},
}

/** The kind of definitions themselves: clients look there whether a kind that they do not know is about to be served. */
export const RESOURCE_DEFINITION: ServedKind = {
  definition: DEFINITION,
  version: 'v1',
  apiVersion: `${GROUP}/v1`,
}

/** The kinds that are not of Kubernetes itself, as their definitions: read only, since the server's kinds are built in. */
export function resourceDefinitions(registry: KindRegistry, since: Date): readonly StoredObject[] {
  const definitions = registry.kinds.filter(({ isCore }) => !isCore).map((kind) => resourceDefinition(kind, since))
  return definitions.sort((a, b) => (a.key.name < b.key.name ? -1 : 1))
}

function resourceDefinition(kind: KindDefinition, since: Date): StoredObject {
  const { group, plural, singular, shortNames, categories, scope, versions } = kind
  const name = `${plural}.${group}`
  const names = { kind: kind.kind, listKind: `${kind.kind}List`, plural, singular, shortNames, categories }
  const conditions = ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True', reason: 'BuiltIn' }))
  return {
    key: { group: GROUP, plural: PLURAL, namespace: '', name },
    revision: 1,
    value: {
      apiVersion: RESOURCE_DEFINITION.apiVersion,
      kind: DEFINITION.kind,
      metadata: { name, uid: name, creationTimestamp: timestamp(since) },
      spec: { group, names, scope, versions: versions.map((version) => servedVersion(kind, version)) },
      status: { acceptedNames: names, conditions, storedVersions: [versions[0]] },
    },
  }
}

function servedVersion(kind: KindDefinition, name: string): object {
  const columns = kind.columns.filter(({ value }) => typeof value === 'string')
  return {
    name,
    served: true,
    storage: name === kind.versions[0],
    schema: { openAPIV3Schema: schemaOf(kind) },
    ...(kind.hasStatus ? { subresources: { status: {} } } : {}),
    additionalPrinterColumns: columns.map(({ value, priority, ...column }) => ({
      ...column,
      ...(priority === 0 ? {} : { priority }),
      jsonPath: value,
    })),
  }
}
