import type { ObjectMeta } from '#kube/object.ts'

/** A resource of the API: which objects, under which path. */
export interface Resource {
  /** "" for core kinds. */
  readonly group: string
  readonly version: string
  /** As it stands in paths: "serviceentries". */
  readonly plural: string
  readonly namespaced: boolean
}

/** A resource as discovery tells of it. */
export interface DiscoveredResource extends Resource {
  readonly kind: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly string[]
}

/** An object of any kind, as the API gives it. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

/** "PLURAL.GROUP", as its definition is called; the plural of core kinds. */
export function resourceName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** "GROUP/VERSION", or "VERSION" for core kinds. */
export function apiVersionOfResource({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

/** The group and version that an apiVersion names. */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.lastIndexOf('/')
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) }
}

/** The path of a group and version. */
export function groupVersionPath({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === ''
    ? `/api/${encodeURIComponent(version)}`
    : `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`
}

/**
 * The path of a collection, or of one object of it. `namespace` undefined means all namespaces; cluster-scoped resources have none.
 * `subresource` such as "status" comes last.
 */
export function resourcePath(
  resource: Resource,
  place: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: string } = {},
): string {
  const { namespace, name, subresource } = place
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  const below = subresource === undefined ? '' : `/${subresource}`
  return `${groupVersionPath(resource)}${scope}/${encodeURIComponent(resource.plural)}${object}${below}`
}
