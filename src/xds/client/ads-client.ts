import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { messageOf } from '#base/fault.ts'
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type DeltaDiscoveryRequestSchema as DeltaRequest,
} from '#xds/gen/envoy/service/discovery/v3/discovery_pb.js'
import { frameMessage, GRPC_INVALID_ARGUMENT } from '#xds/grpc/message-stream.ts'
import type { NodeIdentity, ResourceUpdate } from '#xds/resource-set.ts'
import { TYPE_URLS, type TypeUrl } from '#xds/type-url.ts'
import { type AdsAddress, AdsConnection } from './ads-connection.ts'
import { HeldResources } from './held-resources.ts'

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 5_000

/** `connected` once the first response came; `disconnected` with the reason, and when the next attempt is made. */
export type AdsState =
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryMs: number }

export interface AdsClientOptions {
  readonly address: AdsAddress
  readonly node: NodeIdentity
  /**
   * Applies one response, whole or not at all. Returned errors refuse it (NACK): the server then knows that what was
   * there before still serves. May call `want`.
   */
  apply(update: ResourceUpdate): readonly string[]
  /** Called when the connection comes and goes; what was applied stays in force meanwhile. */
  onState?(state: AdsState): void
}

/**
 * The proxy's end of ADS: the delta protocol over one gRPC stream. Subscribes to all clusters, listeners and names, and
 * to the endpoints and routes that its owner wants; comes back, after a pause that doubles from 50 ms to 5 s, with the
 * versions it holds, so that only what changed meanwhile is sent.
 */
export class AdsClient {
  readonly #options: AdsClientOptions
  readonly #held = new HeldResources()
  readonly #open = new Set<TypeUrl>()
  #connection: AdsConnection | undefined
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #connected = false
  #closed = false

  constructor(options: AdsClientOptions) {
    this.#options = options
    this.#connect()
  }

  /** Replaces the names wanted of a type that is asked for by name (endpoint sets, route tables). */
  want(typeUrl: TypeUrl, names: ReadonlySet<string>): void {
    const { subscribe, unsubscribe } = this.#held.want(typeUrl, names)
    if (this.#connection === undefined || subscribe.length + unsubscribe.length === 0) return
    if (!this.#open.has(typeUrl)) this.#start(this.#connection, typeUrl)
    else this.#request({ typeUrl, resourceNamesSubscribe: [...subscribe], resourceNamesUnsubscribe: [...unsubscribe] })
  }

  /** Ends the stream and the attempts to reconnect. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#connection?.close()
    this.#connection = undefined
  }

  #connect(): void {
    this.#open.clear()
    const connection = new AdsConnection(this.#options.address, {
      onMessage: (bytes) => this.#receive(bytes),
      onClose: (reason) => this.#lost(connection, reason),
    })
    this.#connection = connection
    for (const typeUrl of TYPE_URLS) this.#start(connection, typeUrl)
  }

  #lost(connection: AdsConnection, reason: string): void {
    if (this.#closed || this.#connection !== connection) return
    this.#connection = undefined
    this.#connected = false
    const most = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS)
    const retryMs = Math.round(most / 2 + (Math.random() * most) / 2)
    this.#failures += 1
    this.#retry = setTimeout(() => this.#connect(), retryMs)
    this.#options.onState?.({ kind: 'disconnected', reason, retryMs })
  }

  /** The first request of a type on this stream. */
  #start(connection: AdsConnection, typeUrl: TypeUrl): void {
    const names = this.#held.wanted(typeUrl)
    if (names === undefined) return
    const first = this.#open.size === 0
    this.#open.add(typeUrl)
    this.#send(connection, {
      ...(first ? { node: nodeMessage(this.#options.node) } : {}),
      typeUrl,
      resourceNamesSubscribe: [...names],
      initialResourceVersions: this.#held.versions(typeUrl),
    })
  }

  #receive(bytes: Uint8Array): void {
    const response = fromBinary(DeltaDiscoveryResponseSchema, bytes)
    if (!this.#connected) this.#answeredFirst()
    const typeUrl = TYPE_URLS.find((known) => known === response.typeUrl)
    const errors = typeUrl === undefined ? [`unexpected type "${response.typeUrl}"`] : this.#apply(typeUrl, response)
    this.#request({
      typeUrl: response.typeUrl,
      responseNonce: response.nonce,
      ...(errors.length === 0 ? {} : { errorDetail: { code: GRPC_INVALID_ARGUMENT, message: errors.join('; ') } }),
    })
  }

  #answeredFirst(): void {
    this.#connected = true
    this.#failures = 0
    this.#options.onState?.({ kind: 'connected' })
  }

  #apply(typeUrl: TypeUrl, response: DeltaDiscoveryResponse): readonly string[] {
    const update: ResourceUpdate = {
      typeUrl,
      changed: response.resources.map(({ name, version, resource }) => ({
        name,
        version,
        value: resource?.value ?? new Uint8Array(),
      })),
      removed: response.removedResources,
      systemVersion: response.systemVersionInfo,
    }
    const errors = this.#applyGuarded(update)
    if (errors.length === 0) this.#held.applied(update)
    return errors
  }

  /** A response that makes the owner throw is refused like any other that it cannot use. */
  #applyGuarded(update: ResourceUpdate): readonly string[] {
    try {
      return this.#options.apply(update)
    } catch (thrown) {
      return [messageOf(thrown)]
    }
  }

  #request(request: MessageInitShape<typeof DeltaRequest>): void {
    if (this.#connection !== undefined) this.#send(this.#connection, request)
  }

  #send(connection: AdsConnection, request: MessageInitShape<typeof DeltaRequest>): void {
    connection.send(frameMessage([toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request))]))
  }
}

function nodeMessage({ id, cluster, metadata }: NodeIdentity) {
  return { id, cluster, metadata: JSON.parse(JSON.stringify(metadata)), userAgentName: 'postern' }
}
