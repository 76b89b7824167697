import type { Fault } from '#base/fault.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import type { ApiObject, Resource } from '#kube/client/resource.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'
import type { AdsClientState } from '#xds/server/ads-server.ts'

export const WORKLOAD_ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'workloadentries',
  namespaced: true,
}

/** Marks the entries that control planes write; its value is whose they are, so that each finds those again that it left behind. */
export const REGISTERED = 'postern.dev/registered'
/** A sidecar that reconnects within this time stays registered: the control plane was restarted, or the machine was asleep. */
const GRACE_MS = 5_000

export interface WorkloadsOptions {
  readonly client: Pick<KubeClient, 'create' | 'delete' | 'list'>
  readonly clients: () => readonly AdsClientState[]
  /** Which control plane this is, the same when it is started again: others may follow the same API. The value of a label. */
  readonly registrar: string
  readonly onFault: (text: string) => void
}

/**
 * Registers sidecars that ask for it (node metadata REGISTER) as WorkloadEntries, for as long as they are connected; as Istio does for machines.
 * A capsule has no address of its own: `network: capsule` stands in its place.
 */
export class Workloads {
  readonly #options: WorkloadsOptions
  readonly #leaving = new Set<NodeJS.Timeout>()
  /** Writes about one workload follow each other. */
  #queue: Promise<void> = Promise.resolve()

  constructor(options: WorkloadsOptions) {
    this.#options = options
    this.#after(GRACE_MS, () => this.#sweep())
  }

  came({ node }: AdsClientState): void {
    if (node !== undefined && isRegistered(node)) this.#enqueue(() => this.#register(node))
  }

  left({ node }: AdsClientState): void {
    if (node === undefined || !isRegistered(node)) return
    this.#after(GRACE_MS, async () => {
      if (!this.#isConnected(placeOf(node))) await this.#remove(placeOf(node))
    })
  }

  close(): void {
    for (const timer of this.#leaving) clearTimeout(timer)
  }

  async #register(node: NodeIdentity): Promise<void> {
    const { name, namespace } = placeOf(node)
    const labels = { ...(node.metadata.LABELS as Record<string, string> | undefined) }
    const object: ApiObject = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name, namespace, labels: { ...labels, [REGISTERED]: this.#options.registrar } },
      spec: { network: 'capsule', labels },
    }
    const outcome = await this.#options.client.create(WORKLOAD_ENTRIES, object)
    if (outcome.kind === 'refused' && outcome.refusal.code !== 409)
      this.#options.onFault(`workload "${name}.${namespace}" is not registered: ${outcome.refusal.message}`)
  }

  async #remove({ name, namespace }: Place): Promise<void> {
    const outcome = await this.#options.client.delete(WORKLOAD_ENTRIES, name, namespace)
    if (outcome.kind === 'refused' && outcome.refusal.code !== 404)
      this.#options.onFault(`workload "${name}.${namespace}" stays registered: ${outcome.refusal.message}`)
  }

  /** What this control plane registered before it was started again, and who did not come back. */
  async #sweep(): Promise<void> {
    const { client, registrar } = this.#options
    const outcome = await client.list(WORKLOAD_ENTRIES, { labelSelector: `${REGISTERED}=${registrar}` })
    if (outcome.kind === 'refused') return
    for (const { metadata } of outcome.value.items) {
      const place = { name: metadata.name, namespace: metadata.namespace ?? 'default' }
      if (!this.#isConnected(place)) await this.#remove(place)
    }
  }

  #isConnected({ name, namespace }: Place): boolean {
    return this.#options.clients().some(({ node }) => {
      if (node === undefined || !isRegistered(node)) return false
      const place = placeOf(node)
      return place.name === name && place.namespace === namespace
    })
  }

  #after(ms: number, act: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(timer)
      this.#enqueue(act)
    }, ms)
    timer.unref()
    this.#leaving.add(timer)
  }

  #enqueue(act: () => Promise<void>): void {
    this.#queue = this.#queue.then(act).catch((thrown: Fault) => this.#options.onFault(thrown.message))
  }
}

interface Place {
  readonly name: string
  readonly namespace: string
}

function isRegistered({ metadata }: NodeIdentity): boolean {
  return metadata.REGISTER === 'true' && typeof metadata.NAME === 'string'
}

function placeOf({ metadata }: NodeIdentity): Place {
  const namespace = typeof metadata.NAMESPACE === 'string' ? metadata.NAMESPACE : 'default'
  return { name: String(metadata.NAME), namespace }
}
