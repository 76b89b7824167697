import type { ApiGroupVersion, ApiResource } from './api-resource.ts'

/** `/api`: the versions of the core group. */
export function coreVersions(all: readonly ApiGroupVersion[]): object {
  return {
    kind: 'APIVersions',
    versions: all.filter(({ group }) => group === '').map(({ version }) => version),
    serverAddressByClientCIDRs: [],
  }
}

/** `/apis`: the other groups. */
export function apiGroupList(all: readonly ApiGroupVersion[]): object {
  const groups = new Set(all.map(({ group }) => group).filter((group) => group !== ''))
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups].map((group) => groupOf(all, group)) }
}

/** `/apis/GROUP`; undefined when there is no such group. */
export function apiGroup(all: readonly ApiGroupVersion[], group: string): object | undefined {
  if (group === '' || !all.some((one) => one.group === group)) return undefined
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(all, group) }
}

/** `/api/v1` and `/apis/GROUP/VERSION`. */
export function apiResourceList({ group, version, resources }: ApiGroupVersion): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resources.flatMap(resourceRows),
  }
}

/** `/api` or `/apis` with everything below them in one answer (apidiscovery.k8s.io). */
export function aggregatedDiscovery(all: readonly ApiGroupVersion[], isCore: boolean, apiVersion: string): object {
  const groups = new Set(all.map(({ group }) => group).filter((group) => (group === '') === isCore))
  const items = [...groups].map((name) => ({
    metadata: { name, creationTimestamp: null },
    versions: all.filter(({ group }) => group === name).map(aggregatedVersion),
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${apiVersion}`, metadata: {}, items }
}

function groupOf(all: readonly ApiGroupVersion[], name: string): object {
  const versions = all
    .filter(({ group }) => group === name)
    .map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

function resourceRows(resource: ApiResource): readonly object[] {
  const { plural, singular, kind, namespaced, verbs, shortNames, categories, subresources } = resource
  const row = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  }
  const below = subresources.map((one) => ({
    name: `${plural}/${one.name}`,
    singularName: '',
    namespaced,
    ...(one.kind === kind ? {} : { group: one.group, version: one.version }),
    kind: one.kind,
    verbs: one.verbs,
  }))
  return [row, ...below]
}

function aggregatedVersion({ group, version, resources }: ApiGroupVersion): object {
  return {
    version,
    freshness: 'Current',
    resources: resources.map((resource) => ({
      resource: resource.plural,
      responseKind: { group, version, kind: resource.kind },
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: resource.singular,
      verbs: resource.verbs,
      ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
      ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
      ...(resource.subresources.length === 0 ? {} : { subresources: resource.subresources.map(aggregatedSubresource) }),
    })),
  }
}

function aggregatedSubresource({ name, group, version, kind, verbs }: ApiResource['subresources'][number]): object {
  return { subresource: name, responseKind: { group, version, kind }, verbs }
}
