import type { Store } from '#apiserver/store/store.ts'
import { StatusError } from '#kube/status.ts'
import { notFound, qualifiedResource } from '#kube/status-errors.ts'
import { isObject } from './decode-object.ts'
import type { KindRegistry } from './kind-registry.ts'
import { metadataOf } from './prepare-metadata.ts'
import type { ObjectTarget } from './target.ts'

/** Namespaces that are there from the beginning, and cannot be deleted. */
export const BUILT_IN_NAMESPACES = ['default', 'kube-system', 'istio-system'] as const

/** Where namespaces are kept; undefined when this server has none. */
export function namespaceKind(registry: KindRegistry) {
  return registry.find('', 'v1', 'namespaces')
}

/** A new object needs its namespace, and one that stays. Throws a StatusError `NotFound` or `Forbidden`. */
export function checkNamespace(store: Store, registry: KindRegistry, target: ObjectTarget, name: string): void {
  const { definition } = target.served
  if (definition.scope === 'Cluster' || namespaceKind(registry) === undefined) return
  const stored = store.get({ group: '', plural: 'namespaces', namespace: '', name: target.namespace })
  if (stored === undefined) throw notFound('', 'namespaces', target.namespace)
  if (metadataOf(stored.value).deletionTimestamp === undefined) return
  const { group, plural } = definition
  const why = `unable to create new content in namespace ${target.namespace} because it is being terminated`
  throw new StatusError(
    'Forbidden',
    `${qualifiedResource(group, plural)} ${JSON.stringify(name)} is forbidden: ${why}`,
    {
      name,
      ...(group === '' ? {} : { group }),
      kind: plural,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${target.namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  )
}

/** A namespace that is being deleted says so in its status, as controllers and kubectl expect. */
export function terminating(namespace: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const status = isObject(namespace.status) ? namespace.status : {}
  return { ...namespace, status: { ...status, phase: 'Terminating' } }
}
