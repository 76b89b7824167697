import { fnv1a } from '#base/fnv1a.ts'

/** One xDS resource, encoded once and shared by every client that may see it. */
export interface EncodedResource {
  readonly name: string
  /** Changes exactly when the bytes do (a hash of them). */
  readonly version: string
  /** The serialized message: the value of the Any, whose type URL is the set's. */
  readonly value: Uint8Array
}

/** `undefined`: the resource does not exist. */
export type Changes = ReadonlyMap<string, EncodedResource | undefined>

type Bucket = ReadonlyMap<string, EncodedResource>

const BUCKETS = 256
const EMPTY: Bucket = new Map()

/**
 * The resources of one type by name. Immutable: a change is a new map, which shares with the one before it every bucket in which nothing changed. So
 * a change costs what it changes, and so does the comparison of a map with one that it was made from.
 */
export class ResourceMap implements Iterable<EncodedResource> {
  static readonly EMPTY = new ResourceMap(Array<Bucket>(BUCKETS).fill(EMPTY))
  readonly #buckets: readonly Bucket[]

  private constructor(buckets: readonly Bucket[]) {
    this.#buckets = buckets
  }

  static of(resources: Iterable<EncodedResource>): ResourceMap {
    return ResourceMap.EMPTY.with(new Map([...resources].map((resource) => [resource.name, resource])))
  }

  get(name: string): EncodedResource | undefined {
    return this.#buckets[bucketOf(name)]?.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *names(): Generator<string> {
    for (const bucket of this.#buckets) yield* bucket.keys()
  }

  *[Symbol.iterator](): Generator<EncodedResource> {
    for (const bucket of this.#buckets) yield* bucket.values()
  }

  /** The same resources but for these; this map itself when nothing differs. */
  with(changes: Changes): ResourceMap {
    const changed = new Map<number, Map<string, EncodedResource>>()
    for (const [name, resource] of changes) {
      const index = bucketOf(name)
      const bucket = changed.get(index) ?? this.#buckets[index] ?? EMPTY
      if (bucket.get(name) === resource) continue
      const copy = changed.get(index) ?? new Map(bucket)
      changed.set(index, copy)
      if (resource === undefined) copy.delete(name)
      else copy.set(name, resource)
    }
    if (changed.size === 0) return this
    return new ResourceMap(this.#buckets.map((bucket, index) => changed.get(index) ?? bucket))
  }

  /** The names of which another map has something else: first what it has, then what it has no more. */
  namesThatDiffer(after: ResourceMap): readonly string[] {
    const there: string[] = []
    const gone: string[] = []
    for (const [index, bucket] of this.#buckets.entries()) {
      const other = after.#buckets[index] ?? EMPTY
      if (bucket === other) continue
      for (const [name, { version }] of other) if (bucket.get(name)?.version !== version) there.push(name)
      for (const name of bucket.keys()) if (!other.has(name)) gone.push(name)
    }
    return [...there, ...gone]
  }
}

function bucketOf(name: string): number {
  return fnv1a(name) % BUCKETS
}
