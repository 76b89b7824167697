import { messageOf } from '#base/fault.ts'
import { Backoff } from '#kube/client/backoff.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import { mayPass, type Refusal } from '#kube/client/outcome.ts'
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
/** A sidecar that lost its control plane looks for it every five seconds at least. */
const RETURN_MS = 6_000
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000

export interface WorkloadsOptions {
  readonly client: Pick<KubeClient, 'create' | 'delete' | 'list'>
  readonly clients: () => readonly AdsClientState[]
  /** Which control plane this is, the same when it is started again: others may follow the same API. The value of a label. */
  readonly registrar: string
  readonly onFault: (text: string) => void
}

/** Answers what the API refused, if it did; throws when it cannot be reached. */
type Act = () => Promise<Refusal | undefined>

/** In the place of a workload's name: the search for those that were left behind. */
const SWEEP = ''

/**
 * Registers sidecars that ask for it (node metadata REGISTER) as WorkloadEntries, for as long as they are connected; as Istio does for machines.
 * What the API cannot take now is tried again, whatever the reason: a sidecar may come or go while the server is away. A capsule has no address of its own:
 * `network: capsule` stands in its place.
 */
export class Workloads {
  readonly #options: WorkloadsOptions
  readonly #leaving = new Set<NodeJS.Timeout>()
  /** Workloads that were registered when this began, and have not acknowledged anything since. */
  readonly #awaited = new Set<string>()
  /** Writes about one workload follow each other. */
  #queue: Promise<void> = Promise.resolve()
  /** What is to be tried again, the newest of each workload. */
  readonly #failed = new Map<string, Act>()
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS)
  /** Why what failed last did, as it was said; undefined when nothing is to be tried again. */
  #ailment: string | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: WorkloadsOptions) {
    this.#options = options
    this.#after(GRACE_MS, SWEEP, () => this.#sweep())
  }

  /** Finds out who was registered before this control plane was started; to be called before sidecars can connect. */
  async recall(): Promise<void> {
    const { client, registrar } = this.#options
    const outcome = await client
      .list(WORKLOAD_ENTRIES, { labelSelector: `${REGISTERED}=${registrar}` })
      .catch(() => undefined)
    if (outcome?.kind !== 'done') return
    for (const { metadata } of outcome.value.items)
      this.#awaited.add(nameOf({ name: metadata.name, namespace: metadata.namespace ?? 'default' }))
    const timer = setTimeout(() => {
      this.#leaving.delete(timer)
      this.#awaited.clear()
    }, RETURN_MS).unref()
    this.#leaving.add(timer)
  }

  /** Whether some that were registered before are still to come back. */
  isAwaiting(): boolean {
    return this.#awaited.size > 0
  }

  /** The sidecar acknowledged everything. */
  settled({ node }: AdsClientState): void {
    if (node !== undefined && isRegistered(node)) this.#awaited.delete(nameOf(placeOf(node)))
  }

  came({ node }: AdsClientState): void {
    if (node === undefined || !isRegistered(node)) return
    this.#enqueue(nameOf(placeOf(node)), async () =>
      this.#isConnected(placeOf(node)) ? this.#register(node) : undefined,
    )
  }

  left({ node }: AdsClientState): void {
    if (node === undefined || !isRegistered(node)) return
    const place = placeOf(node)
    this.#after(GRACE_MS, nameOf(place), () => (this.#isConnected(place) ? this.#register(node) : this.#remove(place)))
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    for (const timer of this.#leaving) clearTimeout(timer)
  }

  async #register(node: NodeIdentity): Promise<Refusal | undefined> {
    const { name, namespace } = placeOf(node)
    const labels = { ...(node.metadata.LABELS as Record<string, string> | undefined) }
    const object: ApiObject = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name, namespace, labels: { ...labels, [REGISTERED]: this.#options.registrar } },
      spec: { network: 'capsule', labels },
    }
    const outcome = await this.#options.client.create(WORKLOAD_ENTRIES, object)
    if (outcome.kind !== 'refused' || outcome.refusal.code === 409) return undefined
    if (!mayPass(outcome.refusal))
      this.#options.onFault(`workload "${name}.${namespace}" is not registered: ${outcome.refusal.message}`)
    return outcome.refusal
  }

  async #remove({ name, namespace }: Place): Promise<Refusal | undefined> {
    const outcome = await this.#options.client.delete(WORKLOAD_ENTRIES, name, namespace)
    if (outcome.kind !== 'refused' || outcome.refusal.code === 404) return undefined
    if (!mayPass(outcome.refusal))
      this.#options.onFault(`workload "${name}.${namespace}" stays registered: ${outcome.refusal.message}`)
    return outcome.refusal
  }

  /** What this control plane registered before it was started again, and who did not come back. */
  async #sweep(): Promise<Refusal | undefined> {
    const { client, registrar } = this.#options
    const outcome = await client.list(WORKLOAD_ENTRIES, { labelSelector: `${REGISTERED}=${registrar}` })
    if (outcome.kind === 'refused') return outcome.refusal
    for (const { metadata } of outcome.value.items) {
      const place = { name: metadata.name, namespace: metadata.namespace ?? 'default' }
      if (!this.#isConnected(place))
        this.#enqueue(nameOf(place), async () => (this.#isConnected(place) ? undefined : this.#remove(place)))
    }
    return undefined
  }

  #isConnected({ name, namespace }: Place): boolean {
    return this.#options.clients().some(({ node }) => {
      if (node === undefined || !isRegistered(node)) return false
      const place = placeOf(node)
      return place.name === name && place.namespace === namespace
    })
  }

  #after(ms: number, name: string, act: Act): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(timer)
      this.#enqueue(name, act)
    }, ms)
    timer.unref()
    this.#leaving.add(timer)
  }

  /** Acts look at who is connected when their turn comes, so that the newest about a workload takes the place of one that failed. */
  #enqueue(name: string, act: Act): void {
    this.#failed.delete(name)
    this.#try(name, act)
  }

  #try(name: string, act: Act): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#closed) return
      try {
        const refusal = await act()
        if (refusal !== undefined && mayPass(refusal)) this.#again(name, act, `${refusal.message} (${refusal.code})`)
        else this.#settled(name)
      } catch (thrown) {
        this.#again(name, act, messageOf(thrown))
      }
    })
  }

  #again(name: string, act: Act, why: string): void {
    if (this.#closed) return
    if (this.#ailment === undefined) this.#options.onFault(`registrations of runs are not written yet: ${why}`)
    this.#ailment ??= why
    this.#failed.set(name, act)
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      for (const [failed, again] of this.#failed) this.#try(failed, again)
    }, this.#backoff.next()).unref()
  }

  #settled(name: string): void {
    this.#failed.delete(name)
    if (this.#ailment === undefined || this.#failed.size > 0) return
    this.#backoff.reset()
    this.#ailment = undefined
    this.#options.onFault('registrations of runs are written again')
  }
}

interface Place {
  readonly name: string
  readonly namespace: string
}

function nameOf({ name, namespace }: Place): string {
  return `${name}.${namespace}`
}

function isRegistered({ metadata }: NodeIdentity): boolean {
  return metadata.REGISTER === 'true' && typeof metadata.NAME === 'string'
}

function placeOf({ metadata }: NodeIdentity): Place {
  const namespace = typeof metadata.NAMESPACE === 'string' ? metadata.NAMESPACE : 'default'
  return { name: String(metadata.NAME), namespace }
}
