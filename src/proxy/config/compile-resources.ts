import type { ResourceSet } from '#xds/resource-set.ts'
import { TYPE_URLS } from '#xds/type-url.ts'
import type { ProxyConfig } from './model.ts'
import { ResourceState } from './resource-state.ts'

/** What a proxy would make of a set of resources. */
export interface CompiledResources {
  /** Resource types with an error are left out of it, as a proxy would refuse them. */
  readonly config: ProxyConfig
  readonly errors: readonly string[]
  /** What of the resources has no effect in this proxy. */
  readonly notes: readonly string[]
}

/** Compiles resources without any socket: what `postern why` answers from is what a sidecar runs on. */
export function compileResources(resources: ResourceSet): CompiledResources {
  const state = new ResourceState()
  const notes: string[] = []
  const errors = TYPE_URLS.flatMap((typeUrl) => {
    const changed = [...(resources.byType.get(typeUrl) ?? [])]
    return state.apply({ typeUrl, changed, removed: [], systemVersion: resources.version }, notes)
  })
  state.forgetUnneeded()
  return { config: state.config(resources.version), errors, notes }
}
