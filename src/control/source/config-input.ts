import type { MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { ServiceEntry } from '#api/service-entry.ts'

/** All valid configuration at one moment, legacy kinds already converted: what the mesh is built from. */
export interface ConfigInput {
  readonly meshConfig: MeshConfig
  /** In any order: the mesh sorts them by age. One that did not change is the same object as before. */
  readonly serviceEntries: readonly ServiceEntry[]
  /** What workloads of which namespaces can reach; the same holds of them. */
  readonly sidecars: readonly Sidecar[]
}

/** Where configuration comes from: files, or a Kubernetes API by list and watch. */
export interface ConfigSource {
  /** The last good configuration. */
  current(): ConfigInput
  /** Calls `onChange` after `current()` changed; returns the unsubscribe function. */
  watch(onChange: () => void): () => void
  close(): void
}
