import type { KindDefinition } from '#api/kind.ts'
import { resourceDefinitionOf } from '#api/resource-definition.ts'
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
  const { metadata, spec, ...type } = resourceDefinitionOf(kind)
  const conditions = ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True', reason: 'BuiltIn' }))
  return {
    key: { group: GROUP, plural: PLURAL, namespace: '', name: metadata.name },
    revision: 1,
    value: {
      ...type,
      metadata: { ...metadata, uid: metadata.name, creationTimestamp: timestamp(since) },
      spec,
      status: { acceptedNames: spec.names, conditions, storedVersions: [kind.versions[0]] },
    },
  }
}
