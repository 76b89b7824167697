import type { JsonObject } from '#api/kind.ts'
import { isObject } from '#apiserver/objects/decode-object.ts'
import { deleteStored } from '#apiserver/objects/delete.ts'
import { isBeingDeleted } from '#apiserver/objects/finalizers.ts'
import type { WriteContext } from '#apiserver/objects/write-context.ts'
import type { StoredObject, StoreEvent, StoreKey } from '#apiserver/store/store.ts'
import { rewrite } from './rewrite.ts'
import { WorkQueue } from './work-queue.ts'

/** In spec.finalizers of every namespace: it waits until its objects are gone. */
const KUBERNETES = 'kubernetes'

/** Deletes the objects of namespaces that are being deleted, and then lets the namespaces go. */
export class NamespaceEmptier {
  readonly #context: WriteContext
  readonly #queue: WorkQueue

  constructor(context: WriteContext, onFault: (text: string) => void) {
    this.#context = context
    this.#queue = new WorkQueue((name) => this.#empty(name), onFault)
  }

  found({ key, value }: StoredObject): void {
    if (isNamespace(key) && isBeingDeleted(value)) this.#queue.add(key.name)
  }

  changed(event: StoreEvent): void {
    const { key } = event.object
    if (event.kind === 'put') this.found(event.object)
    if (key.namespace === '') return
    const namespace = this.#context.store.get(namespaceKey(key.namespace))
    if (namespace !== undefined && isBeingDeleted(namespace.value)) this.#queue.add(key.namespace)
  }

  idle(): Promise<void> {
    return this.#queue.idle()
  }

  close(): Promise<void> {
    return this.#queue.close()
  }

  /** What keeps an object, or was quicker than this, is told as a change: then it is this namespace's turn again. */
  async #empty(name: string): Promise<void> {
    const { store, registry } = this.#context
    const namespace = store.get(namespaceKey(name))
    if (namespace === undefined || !isBeingDeleted(namespace.value)) return
    let left = 0
    for (const { group, plural, scope } of registry.kinds) {
      if (scope !== 'Namespaced') continue
      const { objects } = store.list({ group, plural, namespace: name })
      const options = { dryRun: false, propagationPolicy: 'Background' } as const
      const deleted = await Promise.all(objects.map((stored) => deleteStored(this.#context, stored, options)))
      left += deleted.filter((result) => result?.outcome !== 'deleted').length
    }
    if (left === 0) await rewrite(store, namespace.key, withoutSpecFinalizer)
  }
}

function withoutSpecFinalizer(namespace: JsonObject): JsonObject {
  const spec = isObject(namespace.spec) ? namespace.spec : {}
  const finalizers = Array.isArray(spec.finalizers) ? (spec.finalizers as readonly string[]) : []
  if (!finalizers.includes(KUBERNETES)) return namespace
  return { ...namespace, spec: { ...spec, finalizers: finalizers.filter((one) => one !== KUBERNETES) } }
}

function isNamespace({ group, plural }: StoreKey): boolean {
  return group === '' && plural === 'namespaces'
}

function namespaceKey(name: string): StoreKey {
  return { group: '', plural: 'namespaces', namespace: '', name }
}
