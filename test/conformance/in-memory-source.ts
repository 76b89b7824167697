import { type EncodedResource, ResourceMap } from '#xds/resource-map.ts'
import type { ResourceSet, ResourceSource } from '#xds/resource-set.ts'
import type { TypeUrl } from '#xds/type-url.ts'

/** One set of resources for every node, replaced by hand. */
export class InMemorySource implements ResourceSource {
  #current: ResourceSet | undefined
  readonly #watchers = new Set<() => void>()
  #version = 0

  /** Replaces everything; types that are not named have no resources. Returns the set. */
  replace(resources: Partial<Record<TypeUrl, readonly EncodedResource[]>>): ResourceSet {
    return this.publish(resourceSetOf(String(++this.#version), resources))
  }

  publish(set: ResourceSet): ResourceSet {
    this.#current = set
    for (const onChange of this.#watchers) onChange()
    return set
  }

  current(): ResourceSet | undefined {
    return this.#current
  }

  watch(_node: unknown, onChange: () => void): () => void {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  get watchers(): number {
    return this.#watchers.size
  }
}

export function resourceSetOf(
  version: string,
  resources: Partial<Record<TypeUrl, readonly EncodedResource[]>>,
): ResourceSet {
  const byType = new Map<TypeUrl, ResourceMap>()
  for (const [typeUrl, list] of Object.entries(resources)) byType.set(typeUrl as TypeUrl, ResourceMap.of(list))
  return { version, byType }
}
