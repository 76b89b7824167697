import { AdsClient, type AdsState } from '#xds/client/ads-client.ts'
import type { AdsAddress } from '#xds/client/ads-connection.ts'
import type { NodeIdentity, ResourceUpdate } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#xds/type-url.ts'
import type { ProxyConfig } from './model.ts'
import { ResourceState } from './resource-state.ts'

/** As Envoy's initial_fetch_timeout. */
const DEFAULT_WARMING_TIMEOUT_MS = 15_000

export interface ConfigSubscriberOptions {
  readonly address: AdsAddress
  readonly node: NodeIdentity
  /** Called with each complete configuration. */
  onConfig(config: ProxyConfig): void
  /** Called when an update is refused, with every reason; the configuration before it stays in force. */
  onRefused?(errors: readonly string[]): void
  /** Called with what of an update has no effect in this proxy. */
  onNotes?(notes: readonly string[]): void
  onState?(state: AdsState): void
  /**
   * How long a configuration waits for route tables and endpoints that it refers to, before it is served without them
   * (such requests are denied); default 15,000 ms.
   */
  readonly warmingTimeoutMs?: number
}

/**
 * Keeps a proxy's configuration up to date over ADS. A new configuration is handed on once all that it refers to has
 * come, whole: what arrives in one burst takes effect at once.
 */
export class ConfigSubscriber {
  readonly #options: ConfigSubscriberOptions
  readonly #state = new ResourceState()
  readonly #client: AdsClient
  #version = ''
  #publishing: NodeJS.Immediate | undefined
  #warming: NodeJS.Timeout | undefined

  constructor(options: ConfigSubscriberOptions) {
    this.#options = options
    this.#client = new AdsClient({
      address: options.address,
      node: options.node,
      apply: (update) => this.#apply(update),
      onState: (state) => options.onState?.(state),
    })
  }

  close(): void {
    clearImmediate(this.#publishing)
    clearTimeout(this.#warming)
    this.#client.close()
  }

  #apply(update: ResourceUpdate): readonly string[] {
    const notes: string[] = []
    const errors = this.#state.apply(update, notes)
    if (errors.length > 0) {
      this.#options.onRefused?.(errors)
      return errors
    }
    if (notes.length > 0) this.#options.onNotes?.(notes)
    this.#version = update.systemVersion
    this.#state.forgetUnneeded()
    if (update.typeUrl === CLUSTER_TYPE) this.#client.want(ENDPOINT_TYPE, this.#state.endpointSets())
    if (update.typeUrl === LISTENER_TYPE) this.#client.want(ROUTE_TYPE, this.#state.routeTables())
    this.#publishing ??= setImmediate(() => this.#publishIfComplete())
    return []
  }

  #publishIfComplete(): void {
    this.#publishing = undefined
    if (this.#state.missing().length === 0) this.#publish()
    else
      this.#warming ??= setTimeout(
        () => this.#stopWaiting(),
        this.#options.warmingTimeoutMs ?? DEFAULT_WARMING_TIMEOUT_MS,
      )
  }

  #stopWaiting(): void {
    this.#warming = undefined
    if (!this.#state.isServable) return
    this.#options.onNotes?.(this.#state.missing().map((what) => `served without ${what}: it did not come`))
    this.#state.giveUpMissing()
    this.#publish()
  }

  #publish(): void {
    clearTimeout(this.#warming)
    this.#warming = undefined
    this.#options.onConfig(this.#state.config(this.#version))
  }
}
