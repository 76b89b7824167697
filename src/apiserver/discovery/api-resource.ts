import type { KindRegistry, ServedKind } from '#apiserver/objects/kind-registry.ts'

import { hasScale } from '#apiserver/objects/scale.ts'
import { RESOURCE_DEFINITION } from './resource-definitions.ts'

/** A resource of one group and version, as discovery tells of it. */
export interface ApiResource {
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly ApiSubresource[]
}

export interface ApiSubresource {
  readonly name: string
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly verbs: readonly string[]
}

/** One version of a group and everything in it. */
export interface ApiGroupVersion {
  readonly group: string
  readonly version: string
  readonly resources: readonly ApiResource[]
}

const OBJECT_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SUBRESOURCE_VERBS = ['get', 'patch', 'update']

/** Everything that is served, the preferred version of each group first. */
export function apiGroupVersions(registry: KindRegistry): readonly ApiGroupVersion[] {
  const kinds = registry.groups().flatMap(({ group, versions }) =>
    versions.map((version) => ({
      group,
      version,
      resources: registry.inVersion(group, version).map(apiResource),
    })),
  )
  const { definition, version } = RESOURCE_DEFINITION
  const definitions = { ...apiResource(RESOURCE_DEFINITION), verbs: ['get', 'list'] }
  return [...kinds, { group: definition.group, version, resources: [definitions] }, ...REVIEWS]
}

function apiResource(served: ServedKind): ApiResource {
  const { definition, version } = served
  const { group, kind, plural, singular, shortNames, categories, scope } = definition
  const scale = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: SUBRESOURCE_VERBS }
  const status = { name: 'status', group, version, kind, verbs: SUBRESOURCE_VERBS }
  return {
    plural,
    singular,
    kind,
    namespaced: scope === 'Namespaced',
    verbs: OBJECT_VERBS,
    shortNames,
    categories,
    subresources: [...(hasScale(definition) ? [scale] : []), ...(definition.hasStatus ? [status] : [])],
  }
}

/** Questions about the one who asks: nothing of them is stored. */
const REVIEWS: readonly ApiGroupVersion[] = [
  { group: 'authentication.k8s.io', version: 'v1', resources: [review('SelfSubjectReview')] },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    resources: [review('SelfSubjectAccessReview'), review('SelfSubjectRulesReview')],
  },
]

function review(kind: string): ApiResource {
  const singular = kind.toLowerCase()
  return {
    plural: `${singular}s`,
    singular,
    kind,
    namespaced: false,
    verbs: ['create'],
    shortNames: [],
    categories: [],
    subresources: [],
  }
}
