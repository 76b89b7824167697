import { deleteStored } from '#apiserver/objects/delete.ts'
import { FOREGROUND, finalizersOf, isBeingDeleted, ORPHAN } from '#apiserver/objects/finalizers.ts'
import type { WriteContext } from '#apiserver/objects/write-context.ts'
import type { StoredObject, StoreEvent } from '#apiserver/store/store.ts'
import { keyFrom, keyText, type OwnerIndex, type OwnerReference, ownersOf, uidOf } from './owner-index.ts'
import { rewrite, withoutFinalizer, withoutOwners } from './rewrite.ts'
import { WorkQueue } from './work-queue.ts'

/**
 * Deletes objects whose owners are all gone (metadata.ownerReferences), and carries out what a deletion says of the objects that depend on the
 * deleted one: to go after it, before it, or to stay.
 */
export class GarbageCollector {
  readonly #context: WriteContext
  readonly #index: OwnerIndex
  readonly #queue: WorkQueue

  constructor(context: WriteContext, index: OwnerIndex, onFault: (text: string) => void) {
    this.#context = context
    this.#index = index
    this.#queue = new WorkQueue((text) => this.#visit(text), onFault)
  }

  /** An object as it was found at the start. */
  found(object: StoredObject): void {
    if (ownersOf(object.value).length > 0 || waitsForDependents(object)) this.#queue.add(keyText(object.key))
  }

  /** A change that the index knows already. */
  changed(event: StoreEvent): void {
    const { value } = event.object
    if (event.kind === 'put') this.found(event.object)
    else for (const dependent of this.#index.dependentsOf(uidOf(value))) this.#queue.add(dependent)
    // An owner that is deleted in the foreground waits for its dependents.
    if (event.kind === 'delete' || isBeingDeleted(value)) this.#visitOwners(value)
    if (event.before !== undefined && event.kind === 'put') this.#visitOwners(event.before.value)
  }

  idle(): Promise<void> {
    return this.#queue.idle()
  }

  close(): Promise<void> {
    return this.#queue.close()
  }

  #visitOwners(value: StoredObject['value']): void {
    for (const { uid } of ownersOf(value)) {
      const key = this.#index.keyOf(uid)
      if (key !== undefined) this.#queue.add(keyText(key))
    }
  }

  async #visit(text: string): Promise<void> {
    const stored = this.#context.store.get(keyFrom(text))
    if (stored === undefined) return
    if (isBeingDeleted(stored.value)) return this.#visitDeleted(stored)
    const owners = ownersOf(stored.value)
    const gone = owners.filter((owner) => !this.#isThere(owner, stored))
    if (owners.length === 0) return
    if (gone.length === owners.length || this.#isTakenAlong(owners)) return this.#delete(stored)
    const uids = new Set(gone.map(({ uid }) => uid))
    await rewrite(this.#context.store, stored.key, (object) => withoutOwners(object, uids))
  }

  /** Owners of a kind that is not served here may be anywhere; an owner in another namespace is none. */
  #isThere({ uid, apiVersion, kind }: OwnerReference, { key }: StoredObject): boolean {
    const owner = this.#index.keyOf(uid)
    if (owner === undefined) return this.#context.registry.findKind(apiVersion, kind) === undefined
    return owner.namespace === '' || owner.namespace === key.namespace
  }

  /** Whether the owners are deleted in the foreground, and wait for this object to go first. */
  #isTakenAlong(owners: readonly OwnerReference[]): boolean {
    return owners.every(({ uid }) => {
      const key = this.#index.keyOf(uid)
      const owner = key && this.#context.store.get(key)
      return owner !== undefined && isBeingDeleted(owner.value) && finalizersOf(owner.value).includes(FOREGROUND)
    })
  }

  async #delete(stored: StoredObject): Promise<void> {
    const hasDependents = this.#index.dependentsOf(uidOf(stored.value)).length > 0
    const propagationPolicy = hasDependents ? 'Foreground' : 'Background'
    const result = await deleteStored(this.#context, stored, { dryRun: false, propagationPolicy })
    if (result === undefined) this.#queue.add(keyText(stored.key))
  }

  async #visitDeleted(stored: StoredObject): Promise<void> {
    const { store } = this.#context
    const finalizers = finalizersOf(stored.value)
    const uid = uidOf(stored.value)
    const dependents = this.#index.dependentsOf(uid)
    if (finalizers.includes(ORPHAN)) {
      for (const one of dependents)
        await rewrite(store, keyFrom(one), (object) => withoutOwners(object, new Set([uid])))
      await rewrite(store, stored.key, (object) => withoutFinalizer(object, ORPHAN))
    } else if (finalizers.includes(FOREGROUND)) {
      for (const one of dependents) this.#queue.add(one)
      if (dependents.some((one) => this.#blocks(one, uid))) return
      await rewrite(store, stored.key, (object) => withoutFinalizer(object, FOREGROUND))
    }
  }

  #blocks(dependent: string, uid: string): boolean {
    const stored = this.#context.store.get(keyFrom(dependent))
    return stored !== undefined && ownersOf(stored.value).some((one) => one.uid === uid && one.blockOwnerDeletion)
  }
}

function waitsForDependents({ value }: StoredObject): boolean {
  if (!isBeingDeleted(value)) return false
  const finalizers = finalizersOf(value)
  return finalizers.includes(FOREGROUND) || finalizers.includes(ORPHAN)
}
