import type { MeshConfig } from '#api/mesh-config.ts'
import type { ServiceEntry } from '#api/service-entry.ts'

/** All valid configuration at one moment, legacy kinds already converted: what the mesh is built from. */
export interface ConfigInput {
  readonly meshConfig: MeshConfig
  /** Oldest first: by creationTimestamp, then name, then namespace; without timestamps in the order of the files. */
  readonly serviceEntries: readonly ServiceEntry[]
}

/** Where configuration comes from: files now, a Kubernetes API by list and watch later. */
export interface ConfigSource {
  /** The last good configuration. */
  current(): ConfigInput
  /** Calls `onChange` after `current()` changed; returns the unsubscribe function. */
  watch(onChange: () => void): () => void
  close(): void
}
