import type { JsonObject } from '#api/kind.ts'
import { metadataOf } from '#apiserver/objects/prepare-metadata.ts'
import type { StoredObject, StoreEvent, StoreKey } from '#apiserver/store/store.ts'

/** One entry of metadata.ownerReferences, as far as it counts here. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly uid: string
  readonly blockOwnerDeletion: boolean
}

export function ownersOf(object: JsonObject): readonly OwnerReference[] {
  const { ownerReferences } = metadataOf(object)
  if (!Array.isArray(ownerReferences)) return []
  return (ownerReferences as readonly JsonObject[]).map(({ apiVersion, kind, uid, blockOwnerDeletion }) => ({
    apiVersion: String(apiVersion),
    kind: String(kind),
    uid: String(uid),
    blockOwnerDeletion: blockOwnerDeletion === true,
  }))
}

export function uidOf(object: JsonObject): string {
  return String(metadataOf(object).uid ?? '')
}

/** A key as the name of a piece of work. */
export function keyText({ group, plural, namespace, name }: StoreKey): string {
  return `${group}/${plural}/${namespace}/${name}`
}

export function keyFrom(text: string): StoreKey {
  const [group = '', plural = '', namespace = '', name = ''] = text.split('/')
  return { group, plural, namespace, name }
}

/** Which objects there are, by uid, and which name which as their owners. */
export class OwnerIndex {
  readonly #keys = new Map<string, StoreKey>()
  readonly #dependents = new Map<string, Set<string>>()

  /** The place of the object with this uid; undefined when it is gone. */
  keyOf(uid: string): StoreKey | undefined {
    return this.#keys.get(uid)
  }

  /** The objects that name this one as their owner, by `keyText`. */
  dependentsOf(uid: string): readonly string[] {
    return [...(this.#dependents.get(uid) ?? [])]
  }

  add({ key, value }: StoredObject): void {
    this.#keys.set(uidOf(value), key)
    for (const { uid } of ownersOf(value)) {
      const dependents = this.#dependents.get(uid) ?? new Set()
      this.#dependents.set(uid, dependents.add(keyText(key)))
    }
  }

  follow(event: StoreEvent): void {
    if (event.before !== undefined) this.#forget(event.before)
    if (event.kind === 'put') this.add(event.object)
  }

  #forget({ key, value }: StoredObject): void {
    this.#keys.delete(uidOf(value))
    for (const { uid } of ownersOf(value)) {
      const dependents = this.#dependents.get(uid)
      dependents?.delete(keyText(key))
      if (dependents?.size === 0) this.#dependents.delete(uid)
    }
  }
}
