import { fromBinary } from '@bufbuild/protobuf'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { type Changes, type EncodedResource, ResourceMap } from '#xds/resource-map.ts'
import type { NodeIdentity, PushOutcome, ResourceSet, ResourceSource } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, TYPE_URLS, type TypeUrl } from '#xds/type-url.ts'
import { type DiscoveryRequest, readDeltaRequest, readSotwRequest } from './discovery-request.ts'
import { deltaResponse, type ResponseHead, sotwResponse } from './discovery-response.ts'
import { type Push, type TypeSync, TypeWatch } from './type-watch.ts'

/** The two ways to speak: how a request is read, and how a response is written (undefined: it cannot be said). */
export interface Protocol {
  readonly name: 'sotw' | 'delta'
  read(bytes: Uint8Array): DiscoveryRequest
  write(head: ResponseHead, push: Push): Uint8Array[] | undefined
}

export const SOTW: Protocol = { name: 'sotw', read: readSotwRequest, write: sotwResponse }
export const DELTA: Protocol = { name: 'delta', read: readDeltaRequest, write: deltaResponse }

/** What a stream needs of its surroundings. */
export interface DiscoveryStreamContext {
  readonly source: ResourceSource
  readonly onOutcome: (outcome: PushOutcome) => void
  /** Sends one message, in parts. */
  readonly send: (parts: readonly Uint8Array[]) => void
  /** The client has acknowledged all that it subscribed to of what the source has now, for the first time since that changed. */
  readonly onSettled: () => void
}

/** These are referred to by listeners and routes, so they come before those, and leave after them. */
const REFERRED: readonly TypeUrl[] = [CLUSTER_TYPE, ENDPOINT_TYPE]
const REFERRING: readonly TypeUrl[] = [LISTENER_TYPE, ROUTE_TYPE]

/** One ADS stream: the subscriptions of one client, and what it was told. Knows nothing of HTTP/2. */
export class DiscoveryStream {
  readonly #protocol: Protocol
  readonly #context: DiscoveryStreamContext
  readonly #watches = new Map<TypeUrl, TypeWatch>()
  #node: NodeIdentity | undefined
  #settledVersion = ''
  #unwatch: (() => void) | undefined
  #nonces = 0

  constructor(protocol: Protocol, context: DiscoveryStreamContext) {
    this.#protocol = protocol
    this.#context = context
  }

  /** Who the client said that it is; undefined before its first request. */
  get node(): NodeIdentity | undefined {
    return this.#node
  }

  get protocol(): Protocol['name'] {
    return this.#protocol.name
  }

  /** The version of the newest set that the client has acknowledged all of; "" before the first. */
  get settledVersion(): string {
    return this.#settledVersion
  }

  /** How far the client is with each type that it subscribed to. */
  syncs(): ReadonlyMap<TypeUrl, TypeSync> {
    return new Map([...this.#watches].map(([typeUrl, watch]) => [typeUrl, watch.sync]))
  }

  /** Takes one request. Throws when it cannot be read, or when the first one does not say which node asks. */
  receive(bytes: Uint8Array): void {
    const request = this.#protocol.read(bytes)
    if (this.#node === undefined) this.#identify(request)
    const typeUrl = TYPE_URLS.find((known) => known === request.typeUrl)
    // Types that this server has none of (secrets, runtime, ...) stay unanswered, as if nothing existed yet.
    if (typeUrl === undefined) return
    const watch = this.#watches.get(typeUrl)
    const restarts = this.#protocol.name === 'sotw' && request.nonce === '' && watch?.lastNonce !== ''
    if (watch === undefined || restarts) this.#watch(typeUrl, request)
    else this.#update(watch, request)
    this.#push()
  }

  /** Stops following the source. */
  close(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#watches.clear()
  }

  #identify(request: DiscoveryRequest): void {
    if (request.node === undefined) throw new Error('the first request of a stream must carry "node"')
    this.#node = request.node
    this.#unwatch = this.#context.source.watch(request.node, () => this.#push())
  }

  #watch(typeUrl: TypeUrl, request: DiscoveryRequest): void {
    const watch = new TypeWatch(typeUrl, request.subscription(typeUrl, undefined), request.held)
    // A response that crossed this request may be the last for long: what answers it is still the client's newest word.
    watch.sent(this.#watches.get(typeUrl)?.lastNonce ?? '')
    this.#watches.set(typeUrl, watch)
  }

  #update(watch: TypeWatch, request: DiscoveryRequest): void {
    if (request.nonce !== '') this.#answered(watch, request)
    const before = watch.subscription
    const wished = request.subscription(watch.typeUrl, before)
    // A state-of-the-world request that answers an older response is void: its sender has a newer one to answer. But what
    // it does not name the sender has dropped, and lacks if the next request names it again.
    if (this.#protocol.name === 'sotw' && request.nonce !== watch.lastNonce) {
      for (const name of before.names) if (!wished.names.has(name)) watch.renew(name)
    } else watch.resubscribe(wished, request.renewed(before))
  }

  #answered(watch: TypeWatch, { nonce, refusal }: DiscoveryRequest): void {
    const node = this.#node as NodeIdentity
    const typeUrl = watch.typeUrl
    if (refusal === undefined) {
      if (watch.ack(nonce)) this.#context.onOutcome({ kind: 'ack', node, typeUrl, nonce })
    } else if (watch.nack(nonce)) {
      this.#context.onOutcome({ kind: 'nack', node, typeUrl, nonce, reason: refusal })
    }
  }

  /**
   * Sends what the client lacks and may be sent now. Make before break: clusters and endpoints, then the listeners and
   * routes that refer to them, then, once those are acknowledged, what nothing refers to any more is taken away.
   */
  #push(): void {
    const set = this.#node === undefined ? undefined : this.#context.source.current(this.#node)
    if (set === undefined) return
    for (const typeUrl of TYPE_URLS) {
      // Endpoints never wait: a client may hold its answer about clusters until it has their endpoints.
      if (typeUrl !== ENDPOINT_TYPE && typeUrl !== CLUSTER_TYPE && this.#isAnyBehind(set)) break
      this.#pushType(set, typeUrl, REFERRED.includes(typeUrl))
    }
    if (this.#isSettled(set, REFERRING)) for (const typeUrl of REFERRED) this.#pushType(set, typeUrl, false)
    if (set.version === this.#settledVersion || !this.#isSettled(set, TYPE_URLS)) return
    this.#settledVersion = set.version
    this.#context.onSettled()
  }

  #pushType(set: ResourceSet, typeUrl: TypeUrl, linger: boolean): void {
    const watch = this.#watches.get(typeUrl)
    const nonce = (this.#nonces + 1).toString(16)
    const push = watch?.next(resourcesOf(set, typeUrl), linger, nonce)
    if (watch === undefined || push === undefined) return
    this.#nonces += 1
    const parts = this.#protocol.write({ typeUrl, version: set.version, nonce }, push)
    if (parts === undefined) watch.ack(nonce)
    else {
      watch.sent(nonce)
      this.#context.send(parts)
    }
    if (typeUrl === CLUSTER_TYPE) this.#renewEndpoints(push.changes)
  }

  /** A cluster that is sent anew waits for its endpoints anew, even when those did not change (spec 7.4). */
  #renewEndpoints(clusters: Changes): void {
    const endpoints = this.#watches.get(ENDPOINT_TYPE)
    if (endpoints === undefined) return
    for (const cluster of clusters.values()) if (cluster !== undefined) endpoints.renew(endpointSetOf(cluster))
  }

  #isAnyBehind(set: ResourceSet): boolean {
    return REFERRED.some((typeUrl) => this.#watches.get(typeUrl)?.isBehind(resourcesOf(set, typeUrl)) ?? false)
  }

  #isSettled(set: ResourceSet, typeUrls: readonly TypeUrl[]): boolean {
    return typeUrls.every((typeUrl) => this.#watches.get(typeUrl)?.isSettled(resourcesOf(set, typeUrl)) ?? true)
  }
}

function resourcesOf(set: ResourceSet, typeUrl: TypeUrl): ResourceMap {
  return set.byType.get(typeUrl) ?? ResourceMap.EMPTY
}

/** The name under which the endpoints of a cluster are asked for. Whether the bytes are a cluster is for the client to judge. */
function endpointSetOf({ name, value }: EncodedResource): string {
  try {
    return fromBinary(ClusterSchema, value).edsClusterConfig?.serviceName || name
  } catch {
    return name
  }
}
