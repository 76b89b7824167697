/** What a request does to which resource: what authorization decides on, in Kubernetes' words. */
export interface ResourceAccess {
  readonly kind: 'resource'
  /** get, list, watch, create, update, patch, delete, deletecollection; "*" in a review asks for all. */
  readonly verb: string
  readonly group: string
  /** Plural, e.g. serviceentries. */
  readonly resource: string
  /** "" for the object itself. */
  readonly subresource: string
  /** "" for objects without one, and for all namespaces. */
  readonly namespace: string
  /** "" for a collection. */
  readonly name: string
}

/** A request for something that is no object: /version, /openapi/v3, ... */
export interface PathAccess {
  readonly kind: 'path'
  /** The HTTP method in lower case. */
  readonly verb: string
  readonly path: string
}

export type Access = ResourceAccess | PathAccess
