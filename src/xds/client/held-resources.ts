import type { ResourceUpdate } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, type TypeUrl } from '#xds/type-url.ts'

/** Types of which a proxy wants all that its control plane has for it. */
export const WILDCARD_TYPES: readonly TypeUrl[] = [CLUSTER_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE]

/** Names of one type to add to a subscription, and to take from it. */
export interface NameChange {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
}

/** What a client wants of each type and which versions it applied: all that outlives one stream. */
export class HeldResources {
  readonly #wanted = new Map<TypeUrl, ReadonlySet<string>>()
  readonly #versions = new Map<TypeUrl, Map<string, string>>()

  /** Replaces the names wanted of a type; names no longer wanted are forgotten. */
  want(typeUrl: TypeUrl, names: ReadonlySet<string>): NameChange {
    const before = this.#wanted.get(typeUrl) ?? new Set()
    this.#wanted.set(typeUrl, new Set(names))
    const unsubscribe = [...before].filter((name) => !names.has(name))
    for (const name of unsubscribe) this.#versions.get(typeUrl)?.delete(name)
    return { subscribe: [...names].filter((name) => !before.has(name)), unsubscribe }
  }

  /** Remembers what the owner applied. */
  applied(update: ResourceUpdate): void {
    const versions = this.#versions.get(update.typeUrl) ?? new Map<string, string>()
    this.#versions.set(update.typeUrl, versions)
    for (const { name, version } of update.changed) versions.set(name, version)
    for (const name of update.removed) versions.delete(name)
  }

  /** The names to ask for on a new stream; undefined when nothing is wanted of this type. Empty: everything. */
  wanted(typeUrl: TypeUrl): readonly string[] | undefined {
    if (WILDCARD_TYPES.includes(typeUrl)) return []
    const names = this.#wanted.get(typeUrl)
    return names === undefined || names.size === 0 ? undefined : [...names]
  }

  /** What a new stream's first request of a type says is already here. */
  versions(typeUrl: TypeUrl): Record<string, string> {
    return Object.fromEntries(this.#versions.get(typeUrl) ?? [])
  }
}
