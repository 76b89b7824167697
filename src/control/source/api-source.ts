import { combine } from '#api/configuration.ts'
import type { EgressRule } from '#api/legacy/egress-rule.ts'
import type { EgressRuleConflict } from '#api/legacy/egress-rule-rules.ts'
import { DEFAULT_MESH_CONFIG, type MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { ServiceEntry } from '#api/service-entry.ts'
import { nameOf, type Rejection, refOf } from '#control/mesh/rejection.ts'
import { Informer } from '#kube/client/informer.ts'
import type { KubeClient, Selection } from '#kube/client/kube-client.ts'
import type { Resource } from '#kube/client/resource.ts'
import { formatPath } from '#kube/field-path.ts'
import type { Message } from '#kube/message.ts'
import type { ConfigInput, ConfigSource } from './config-input.ts'
import type { FollowReport } from './follow-report.ts'
import { type FollowedObject, FollowedObjects } from './followed-objects.ts'

export const SERVICE_ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'serviceentries',
  namespaced: true,
}
const SIDECARS: Resource = { group: 'networking.istio.io', version: 'v1', plural: 'sidecars', namespaced: true }
export const EGRESS_RULES: Resource = {
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
  /** Told how following fares. */
  readonly report: FollowReport
  /** Told what is wrong with the mesh configuration: a ConfigMap has no status that could say it. */
  readonly onFault: (text: string) => void
}

/** A source whose objects can be written to. */
export interface ApiSource extends ConfigSource {
  /** Settles when everything has been listed once: before that there is no configuration. */
  readonly synced: Promise<void>
  /** A service entry or egress rule, by "KIND NAMESPACE/NAME". */
  entry(key: string): FollowedObject | undefined
  /** Egress rules that are left out because of others: no mesh hears of them. */
  rejections(): readonly Rejection[]
  /** Keys of the service entries and egress rules that changed since this was asked last. */
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
  readonly #changed = new Set<string>()
  #scheduled: NodeJS.Immediate | undefined
  #isSynced = false
  #converted: readonly ServiceEntry[] = []
  #rejections: readonly Rejection[] = []

  constructor(options: ApiSourceOptions) {
    this.#options = options
    const { rootNamespace = 'istio-system' } = options
    this.#informers = [
      this.#follow(SERVICE_ENTRIES, this.#entries, (name) => this.#changed.add(name)),
      this.#follow(SIDECARS, this.#sidecars, () => {}),
      this.#follow(EGRESS_RULES, this.#egressRules, (name) => {
        this.#changed.add(name)
        this.#convert()
      }),
      this.#follow(CONFIG_MAPS, this.#meshConfigs, () => this.#tellMeshFaults(), {
        namespace: rootNamespace,
        fieldSelector: 'metadata.name=istio',
      }),
    ]
    this.synced = Promise.all(this.#informers.map((informer) => informer.synced)).then(() => {
      this.#isSynced = true
      options.report.synced()
    })
    for (const informer of this.#informers) informer.start()
  }

  current(): ConfigInput {
    const serviceEntries: ServiceEntry[] = []
    for (const { document } of this.#entries.values())
      if (document?.kind === 'ServiceEntry') serviceEntries.push(document.object)
    const sidecars: Sidecar[] = []
    for (const { document } of this.#sidecars.values()) if (document?.kind === 'Sidecar') sidecars.push(document.object)
    serviceEntries.push(...this.#converted)
    return { meshConfig: this.#meshConfig(), serviceEntries, sidecars }
  }

  watch(onChange: () => void): () => void {
    const listener = () => onChange()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  entry(key: string): FollowedObject | undefined {
    const [kind, name = ''] = key.split(' ')
    return (kind === 'EgressRule' ? this.#egressRules : this.#entries).get(name)
  }

  rejections(): readonly Rejection[] {
    return this.#rejections
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
    onChange: (name: string) => void,
    selection: Selection = {},
  ): Informer {
    return new Informer(this.#options.client, {
      resource,
      selection,
      // Nobody but us has egress rules, and a cluster may be without Istio's definitions yet.
      mayBeAbsent: true,
      onEvent: (event) => {
        if (!objects.take(event)) return
        onChange(nameOf(refOf(event.object)))
        this.#schedule()
      },
      onState: this.#options.report.of({ resource, isEssential: true, isExpected: resource !== EGRESS_RULES }),
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
    const { serviceEntries, egressRuleConflicts } = combine(files, 'warning')
    this.#converted = serviceEntries
    this.#rejections = [...egressRuleConflicts].map(([rule, conflict]) => rejectionOf(rule, conflict))
  }

  #tellMeshFaults(): void {
    const errors = [...this.#meshConfigs.values()].flatMap(({ messages }) => messages).filter(isError)
    if (errors.length === 0) return
    const texts = errors.map(({ file, path, text }) => `${file}: ${path}: ${text}`)
    this.#options.onFault(`${texts.join('; ')}; until that is mended the default settings count`)
  }

  #meshConfig(): MeshConfig {
    for (const { document } of this.#meshConfigs.values()) if (document?.kind === 'MeshConfig') return document.object
    return DEFAULT_MESH_CONFIG
  }
}

function isError({ level }: Message): boolean {
  return level === 'error'
}

function rejectionOf(rule: EgressRule, { winner, path, reason }: EgressRuleConflict): Rejection {
  const object = refOf(rule)
  const message = `${reason}: ${nameOf(object)} has no effect`
  return { code: 'egress-rule-conflict', object, path: formatPath(path), message, because: refOf(winner) }
}
