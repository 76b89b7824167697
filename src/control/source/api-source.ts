import { combine } from '#api/configuration.ts'
import { DEFAULT_MESH_CONFIG, type MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { ServiceEntry } from '#api/service-entry.ts'
import type { Fault } from '#base/fault.ts'
import { Informer } from '#kube/client/informer.ts'
import type { KubeClient, Selection } from '#kube/client/kube-client.ts'
import type { Resource } from '#kube/client/resource.ts'
import { keyOf } from '#kube/object.ts'
import type { ConfigInput, ConfigSource } from './config-input.ts'
import { type FollowedObject, FollowedObjects } from './followed-objects.ts'

export const SERVICE_ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'serviceentries',
  namespaced: true,
}
const SIDECARS: Resource = { group: 'networking.istio.io', version: 'v1', plural: 'sidecars', namespaced: true }
const EGRESS_RULES: Resource = {
  group: 'config.istio.io',
  version: 'v1alpha2',
  plural: 'egressrules',
  namespaced: true,
}
const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true }

export interface ApiSourceOptions {
  readonly client: KubeClient
  /** Where the ConfigMap `istio` with the mesh configuration is; default istio-system. */
  readonly rootNamespace?: string
  /** Something cannot be followed; it is tried again. Said once for each sentence. */
  readonly onFault: (fault: Fault) => void
}

/** A source whose objects can be written to. */
export interface ApiSource extends ConfigSource {
  /** Settles when everything has been listed once: before that there is no configuration. */
  readonly synced: Promise<void>
  /** By "NAMESPACE/NAME". */
  serviceEntry(key: string): FollowedObject | undefined
  /** Keys of the service entries that changed since this was asked last. */
  takeChanged(): readonly string[]
}

/** Configuration from a Kubernetes API, by list and watch only: ours, or a real one that holds Istio's definitions. */
export function openApiSource(options: ApiSourceOptions): ApiSource {
  return new FollowingSource(options)
}

class FollowingSource implements ApiSource {
  readonly synced: Promise<void>
  readonly #options: ApiSourceOptions
  readonly #informers: readonly Informer[]
  readonly #entries = new FollowedObjects()
  readonly #sidecars = new FollowedObjects()
  readonly #egressRules = new FollowedObjects()
  readonly #meshConfigs = new FollowedObjects()
  readonly #listeners = new Set<() => void>()
  readonly #said = new Set<string>()
  readonly #changed = new Set<string>()
  #scheduled: NodeJS.Immediate | undefined
  #isSynced = false
  #converted: readonly ServiceEntry[] = []

  constructor(options: ApiSourceOptions) {
    this.#options = options
    const { rootNamespace = 'istio-system' } = options
    this.#informers = [
      this.#follow(SERVICE_ENTRIES, this.#entries, (key) => this.#changed.add(key)),
      this.#follow(SIDECARS, this.#sidecars, () => {}),
      this.#follow(EGRESS_RULES, this.#egressRules, () => this.#convert()),
      this.#follow(CONFIG_MAPS, this.#meshConfigs, () => {}, {
        namespace: rootNamespace,
        fieldSelector: 'metadata.name=istio',
      }),
    ]
    this.synced = Promise.all(this.#informers.map((informer) => informer.synced)).then(() => {
      this.#isSynced = true
    })
    for (const informer of this.#informers) informer.start()
  }

  current(): ConfigInput {
    const serviceEntries: ServiceEntry[] = []
    for (const { document } of this.#entries.values())
      if (document?.kind === 'ServiceEntry') serviceEntries.push(document.object)
    const sidecars: Sidecar[] = []
    for (const { document } of this.#sidecars.values()) if (document?.kind === 'Sidecar') sidecars.push(document.object)
    return { meshConfig: this.#meshConfig(), serviceEntries: [...serviceEntries, ...this.#converted], sidecars }
  }

  watch(onChange: () => void): () => void {
    const listener = () => onChange()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  serviceEntry(key: string): FollowedObject | undefined {
    return this.#entries.get(key)
  }

  takeChanged(): readonly string[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  close(): void {
    clearImmediate(this.#scheduled)
    this.#listeners.clear()
    for (const informer of this.#informers) void informer.stop()
  }

  #follow(
    resource: Resource,
    objects: FollowedObjects,
    onChange: (key: string) => void,
    selection: Selection = {},
  ): Informer {
    return new Informer(this.#options.client, {
      resource,
      selection,
      // Nobody but us has egress rules, and a cluster may be without Istio's definitions yet.
      mayBeAbsent: true,
      onEvent: (event) => {
        if (!objects.take(event)) return
        onChange(keyOf({ ...event.object, spec: undefined }))
        this.#schedule()
      },
      onFault: (fault) => {
        if (this.#said.has(fault.message)) return
        this.#said.add(fault.message)
        this.#options.onFault(fault)
      },
    })
  }

  /** Changes that arrive together are one. */
  #schedule(): void {
    if (!this.#isSynced || this.#scheduled !== undefined) return
    this.#scheduled = setImmediate(() => {
      this.#scheduled = undefined
      for (const listener of [...this.#listeners]) listener()
    })
  }

  /** Conflicts between egress rules are decided among all of them (spec 2.1). */
  #convert(): void {
    const files = [...this.#egressRules.values()].flatMap(({ document, messages }) =>
      document === undefined ? [] : [{ file: document.file, documents: [document], messages }],
    )
    this.#converted = combine(files, 'warning').serviceEntries
  }

  #meshConfig(): MeshConfig {
    for (const { document } of this.#meshConfigs.values()) if (document?.kind === 'MeshConfig') return document.object
    return DEFAULT_MESH_CONFIG
  }
}
