import type { KubeObject } from '#kube/object.ts'

/** Names an object to people. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Why (a part of) an object has no effect. Documented codes; `message` is for people. */
export type RejectionCode =
  | 'unsupported-resolution'
  | 'unsupported-selector'
  | 'egress-rule-conflict'
  | 'listener-conflict'
  | 'reserved-port'
  | 'partial-wildcard'
  | 'host-defined-elsewhere'
  | 'port-not-merged'
  | 'protocol-differs'
  | 'no-endpoints'
  | 'unusable-endpoint'
  | 'no-virtual-ip'

/** Something that an object asks for and that does not happen: the rest of the configuration still goes out. */
export interface Rejection {
  readonly code: RejectionCode
  readonly object: ObjectRef
  /** Path in the object, e.g. "spec.resolution". */
  readonly path: string
  readonly message: string
  /** The object that stands in the way. */
  readonly because: ObjectRef | undefined
}

export function refOf(object: Pick<KubeObject, 'kind' | 'metadata'>): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace ?? 'default', name: object.metadata.name }
}

/** e.g. "ServiceEntry default/wikipedia-ext" */
export function nameOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`
}

/** One line for people, e.g. "ServiceEntry default/x: spec.resolution: resolution ... is not supported". */
export function describeRejection({ object, path, message }: Rejection): string {
  return `${nameOf(object)}: ${path}: ${message}`
}
