import type { ApiObject } from './resource.ts'

/** What an object is found by, besides its name: each function gives the keys under which an object stands. */
export type Indexers = Readonly<Record<string, (object: ApiObject) => readonly string[]>>

/** "NAMESPACE/NAME"; "/NAME" for cluster-scoped objects. */
export function cacheKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}

/** Objects of one resource, by name and by indexes. */
export class ObjectCache {
  readonly #objects = new Map<string, ApiObject>()
  readonly #indexers: Indexers
  readonly #indexes = new Map<string, Map<string, Map<string, ApiObject>>>()

  constructor(indexers: Indexers = {}) {
    this.#indexers = indexers
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map())
  }

  get size(): number {
    return this.#objects.size
  }

  get(namespace: string | undefined, name: string): ApiObject | undefined {
    return this.#objects.get(cacheKey(namespace, name))
  }

  /** In the order in which they first came. */
  list(): readonly ApiObject[] {
    return [...this.#objects.values()]
  }

  /** The objects that stand under `key` of an index; none for an index that was not given. */
  by(index: string, key: string): readonly ApiObject[] {
    return [...(this.#indexes.get(index)?.get(key)?.values() ?? [])]
  }

  /** Puts an object in the place of the one of its name, which is answered. */
  put(object: ApiObject): ApiObject | undefined {
    const key = keyOf(object)
    const before = this.#objects.get(key)
    if (before !== undefined) this.#unindex(key, before)
    this.#objects.set(key, object)
    for (const [name, keysOf] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name)!
      for (const indexed of keysOf(object)) {
        const bucket = index.get(indexed) ?? new Map<string, ApiObject>()
        index.set(indexed, bucket.set(key, object))
      }
    }
    return before
  }

  /** Takes the object of that name out, and answers with it. */
  remove(object: ApiObject): ApiObject | undefined {
    const key = keyOf(object)
    const before = this.#objects.get(key)
    if (before === undefined) return undefined
    this.#unindex(key, before)
    this.#objects.delete(key)
    return before
  }

  #unindex(key: string, object: ApiObject): void {
    for (const [name, keysOf] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name)!
      for (const indexed of keysOf(object)) {
        const bucket = index.get(indexed)
        bucket?.delete(key)
        if (bucket?.size === 0) index.delete(indexed)
      }
    }
  }
}

function keyOf({ metadata }: ApiObject): string {
  return cacheKey(metadata.namespace, metadata.name)
}
