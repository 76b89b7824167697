import type { StoredObject, StoreKey, StoreRange } from './store.ts'

type Place = Pick<StoreKey, 'namespace' | 'name'>

/** Order of objects within a kind: by namespace, then by name, as code units. */
export function compareKeys(a: Place, b: Place): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return 0
}

/** One text for a key; no part of a key holds a NUL. */
export function textOfKey({ group, plural, namespace, name }: StoreKey): string {
  return `${group}\0${plural}\0${namespace}\0${name}`
}

/** One text for a range: keys of the same text are told to the same watchers. */
export function textOfRange({ group, plural, namespace }: StoreRange): string {
  return namespace === undefined ? `${group}\0${plural}` : `${group}\0${plural}\0${namespace}`
}

export function rangeHolds(range: StoreRange, key: StoreKey): boolean {
  return (
    range.group === key.group &&
    range.plural === key.plural &&
    (range.namespace === undefined || range.namespace === key.namespace)
  )
}

/** Where `key` stands in sorted objects, or where it would: the first place that is not before it. */
export function placeOf(objects: readonly StoredObject[], key: Place): number {
  let low = 0
  let high = objects.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(objects[middle]!.key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The objects as they are now: one sorted array for each kind, so that pages and namespaces are slices of it. */
export class ObjectIndex {
  readonly #kinds = new Map<string, StoredObject[]>()

  get(key: StoreKey): StoredObject | undefined {
    const objects = this.#kinds.get(textOfKind(key))
    if (objects === undefined) return undefined
    const found = objects[placeOf(objects, key)]
    return found !== undefined && compareKeys(found.key, key) === 0 ? found : undefined
  }

  set(object: StoredObject): void {
    const kind = textOfKind(object.key)
    const objects = this.#kinds.get(kind)
    if (objects === undefined) {
      this.#kinds.set(kind, [object])
      return
    }
    const place = placeOf(objects, object.key)
    const found = objects[place]
    const replaced = found !== undefined && compareKeys(found.key, object.key) === 0 ? 1 : 0
    objects.splice(place, replaced, object)
  }

  remove(key: StoreKey): void {
    const objects = this.#kinds.get(textOfKind(key))
    if (objects === undefined) return
    const place = placeOf(objects, key)
    const found = objects[place]
    if (found !== undefined && compareKeys(found.key, key) === 0) objects.splice(place, 1)
  }

  /** The objects of a range, sorted: a copy, which later writes leave as it is. */
  slice(range: StoreRange): StoredObject[] {
    const objects = this.#kinds.get(textOfKind(range)) ?? []
    const { namespace } = range
    if (namespace === undefined) return objects.slice()
    const start = placeOf(objects, { namespace, name: '' })
    let end = start
    while (objects[end]?.key.namespace === namespace) end++
    return objects.slice(start, end)
  }
}

function textOfKind({ group, plural }: { readonly group: string; readonly plural: string }): string {
  return `${group}\0${plural}`
}
