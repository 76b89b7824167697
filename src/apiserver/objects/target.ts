import type { StoreKey, StoreRange } from '#apiserver/store/store.ts'
import type { ServedKind } from './kind-registry.ts'

/** One object, as a path names it. */
export interface ObjectTarget {
  readonly served: ServedKind
  /** "" of cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
  readonly subresource: '' | 'status' | 'scale'
}

/** The objects of a kind in one namespace; of all namespaces, and of a cluster-scoped kind, when it is "". */
export interface CollectionTarget {
  readonly served: ServedKind
  readonly namespace: string
}

export function keyOf({ served, namespace, name }: Pick<ObjectTarget, 'served' | 'namespace' | 'name'>): StoreKey {
  const { group, plural } = served.definition
  return { group, plural, namespace, name }
}

export function rangeOf({ served, namespace }: CollectionTarget): StoreRange {
  const { group, plural } = served.definition
  return { group, plural, namespace: namespace === '' ? undefined : namespace }
}
