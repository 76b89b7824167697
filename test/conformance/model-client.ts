import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '#xds/gen/envoy/service/discovery/v3/discovery_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import { CLUSTER_TYPE, LISTENER_TYPE, TYPE_URLS, type TypeUrl } from '#xds/type-url.ts'
import { NODE } from './raw-ads-client.ts'

interface Response {
  readonly typeUrl: TypeUrl
  readonly nonce: string
  readonly changed: ReadonlyMap<string, string>
  readonly removed: readonly string[]
  /** State of the world, and everything of a type that is sent whole. */
  readonly isWhole: boolean
}

const WILDCARD_TYPES: readonly TypeUrl[] = [CLUSTER_TYPE, LISTENER_TYPE]

/** The simplest client that keeps to either protocol, driven by hand: the model against which the server is held. */
export class ModelClient {
  readonly #protocol: 'sotw' | 'delta'
  readonly #wanted = new Map<TypeUrl, Set<string>>()
  readonly #held = new Map<TypeUrl, Map<string, string>>()
  readonly #nonces = new Map<TypeUrl, string>()
  readonly #open = new Set<TypeUrl>()
  #inbox: Response[] = []
  #send: (bytes: Uint8Array) => void = () => {}

  constructor(protocol: 'sotw' | 'delta') {
    this.#protocol = protocol
  }

  /** A resource whose bytes say its name and version, as the state of the world has no other place for them. */
  encode(name: string, version: string): EncodedResource {
    const value = toBinary(ClusterSchema, create(ClusterSchema, { name, altStatName: version }))
    return { name, version, value }
  }

  /** A new stream: what was held is kept, what was under way is lost. */
  connect(send: (bytes: Uint8Array) => void): void {
    this.#send = send
    this.#inbox = []
    this.#nonces.clear()
    this.#open.clear()
    for (const typeUrl of TYPE_URLS) if (this.wanted(typeUrl)?.size !== 0) this.#request(typeUrl)
  }

  want(typeUrl: TypeUrl, names: readonly string[]): void {
    if (WILDCARD_TYPES.includes(typeUrl)) return
    const before = this.#wanted.get(typeUrl) ?? new Set<string>()
    const after = new Set(names)
    this.#wanted.set(typeUrl, after)
    for (const name of before) if (!after.has(name)) this.#held.get(typeUrl)?.delete(name)
    const subscribe = names.filter((name) => !before.has(name))
    const unsubscribe = [...before].filter((name) => !after.has(name))
    if (subscribe.length + unsubscribe.length === 0) return
    if (!this.#open.has(typeUrl) && after.size === 0) return
    this.#request(typeUrl, { subscribe, unsubscribe })
  }

  /** Undefined: everything. */
  wanted(typeUrl: TypeUrl): ReadonlySet<string> | undefined {
    return WILDCARD_TYPES.includes(typeUrl) ? undefined : (this.#wanted.get(typeUrl) ?? new Set())
  }

  held(typeUrl: TypeUrl): Record<string, string> {
    return Object.fromEntries(this.#held.get(typeUrl) ?? [])
  }

  receive(bytes: Uint8Array): void {
    this.#inbox.push(this.#protocol === 'delta' ? readDelta(bytes) : readSotw(bytes))
  }

  /** Takes or refuses the oldest response; false when there is none. */
  answerOne(refuse: boolean): boolean {
    const response = this.#inbox.shift()
    if (response === undefined) return false
    if (!refuse) this.#apply(response)
    this.#nonces.set(response.typeUrl, response.nonce)
    this.#request(response.typeUrl, { nonce: response.nonce, ...(refuse ? { refusal: 'refused' } : {}) })
    return true
  }

  #apply({ typeUrl, changed, removed, isWhole }: Response): void {
    const wanted = this.wanted(typeUrl)
    const held = isWhole ? new Map<string, string>() : new Map(this.#held.get(typeUrl))
    for (const [name, version] of changed) if (wanted === undefined || wanted.has(name)) held.set(name, version)
    for (const name of removed) held.delete(name)
    this.#held.set(typeUrl, held)
  }

  #request(
    typeUrl: TypeUrl,
    about: { subscribe?: string[]; unsubscribe?: string[]; nonce?: string; refusal?: string } = {},
  ): void {
    const isFirst = !this.#open.has(typeUrl)
    const node = this.#open.size === 0 ? { node: NODE } : {}
    const refusal = about.refusal === undefined ? {} : { errorDetail: { code: 3, message: about.refusal } }
    this.#open.add(typeUrl)
    if (this.#protocol === 'delta') {
      const names = isFirst ? [...(this.#wanted.get(typeUrl) ?? [])] : (about.subscribe ?? [])
      this.#sendDelta({
        ...node,
        ...refusal,
        typeUrl,
        resourceNamesSubscribe: names,
        resourceNamesUnsubscribe: isFirst ? [] : (about.unsubscribe ?? []),
        initialResourceVersions: isFirst ? this.held(typeUrl) : {},
        responseNonce: about.nonce ?? '',
      })
    } else {
      const message = {
        ...node,
        ...refusal,
        typeUrl,
        resourceNames: [...(this.#wanted.get(typeUrl) ?? [])],
        responseNonce: this.#nonces.get(typeUrl) ?? '',
      }
      this.#send(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, message)))
    }
  }

  #sendDelta(message: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    this.#send(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, message)))
  }
}

function readDelta(bytes: Uint8Array): Response {
  const { typeUrl, nonce, resources, removedResources } = fromBinary(DeltaDiscoveryResponseSchema, bytes)
  const changed = new Map(resources.map(({ name, version }) => [name, version]))
  return { typeUrl: typeUrl as TypeUrl, nonce, changed, removed: removedResources, isWhole: false }
}

function nameAndVersionIn(bytes: Uint8Array): readonly [string, string] {
  const { name, altStatName } = fromBinary(ClusterSchema, bytes)
  return [name, altStatName]
}

function readSotw(bytes: Uint8Array): Response {
  const { typeUrl, nonce, resources } = fromBinary(DiscoveryResponseSchema, bytes)
  const changed = new Map(resources.map(({ value }) => nameAndVersionIn(value)))
  const isWhole = WILDCARD_TYPES.includes(typeUrl as TypeUrl)
  return { typeUrl: typeUrl as TypeUrl, nonce, changed, removed: [], isWhole }
}
