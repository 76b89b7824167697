import type { ResourceUpdate } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { type DecodedByType, decodeResource } from './decode-resource.ts'
import type { Cluster, Endpoint, Listener, NameRecord, ProxyConfig, RouteTable } from './model.ts'
import type { Findings } from './place.ts'

interface Held<Decoded> {
  readonly version: string
  /** Undefined: the control plane said that there is no such resource. */
  readonly decoded: Decoded | undefined
}

type HeldByType = { readonly [Type in keyof DecodedByType]: Map<string, Held<DecodedByType[Type]>> }

/** What is made of all resources of some types together. */
interface Made {
  endpointSets: ReadonlySet<string>
  routeTables: ReadonlySet<string>
  clusters: ReadonlyMap<string, Cluster>
  listeners: ReadonlyMap<string, Listener>
  routes: ReadonlyMap<string, RouteTable>
  names: ReadonlyMap<string, NameRecord>
}

/** What has to be made again when a resource of a type changed. */
const MADE_OF: Readonly<Record<TypeUrl, readonly (keyof Made)[]>> = {
  [CLUSTER_TYPE]: ['endpointSets', 'clusters'],
  [ENDPOINT_TYPE]: ['clusters'],
  [LISTENER_TYPE]: ['routeTables', 'listeners'],
  [ROUTE_TYPE]: ['routes'],
  [NAME_TABLE_TYPE]: ['names'],
}

const WHOLE_TYPES: readonly TypeUrl[] = [CLUSTER_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE]
const NO_ENDPOINTS: readonly Endpoint[] = []

/**
 * The resources that a proxy holds, decoded. An update is taken whole or not at all. Resources that do not change keep
 * their identity from one ProxyConfig to the next, so that what hangs on them (connection pools) lives on.
 */
export class ResourceState {
  readonly #held: HeldByType = {
    [CLUSTER_TYPE]: new Map(),
    [ENDPOINT_TYPE]: new Map(),
    [LISTENER_TYPE]: new Map(),
    [ROUTE_TYPE]: new Map(),
    [NAME_TABLE_TYPE]: new Map(),
  }
  readonly #received = new Set<TypeUrl>()
  /** Made when it is asked for, and again when something changed that it is made of: with thousands of resources each of it is a walk over all of them. */
  readonly #made: Partial<Made> = {}
  readonly #joined = new WeakMap<readonly Endpoint[], WeakMap<Cluster, Cluster>>()

  /** Takes an update if all of it can be used; else returns why not, and nothing changed. Notes are added to `notes`. */
  apply(update: ResourceUpdate, notes: string[]): readonly string[] {
    const findings: Findings = { errors: [], notes }
    this.#apply(update.typeUrl, update, findings)
    return findings.errors
  }

  /** The endpoint sets that the clusters need. */
  endpointSets(): ReadonlySet<string> {
    this.#made.endpointSets ??= this.#endpointSets()
    return this.#made.endpointSets
  }

  /** The route tables that the listeners ask for by name. */
  routeTables(): ReadonlySet<string> {
    this.#made.routeTables ??= this.#routeTables()
    return this.#made.routeTables
  }

  /** Forgets what nothing needs any more, so that it counts as missing when it is needed again. */
  forgetUnneeded(): void {
    this.#keepOnly(ENDPOINT_TYPE, this.endpointSets())
    this.#keepOnly(ROUTE_TYPE, this.routeTables())
  }

  /** True once clusters and listeners came: before that there is nothing to serve from. */
  get isServable(): boolean {
    return this.#received.has(CLUSTER_TYPE) && this.#received.has(LISTENER_TYPE)
  }

  /** What was announced but did not come yet, in words; empty when the configuration is complete. */
  missing(): string[] {
    const types = WHOLE_TYPES.filter((typeUrl) => !this.#received.has(typeUrl))
    return [
      ...types.map((typeUrl) => `any ${typeUrl.slice(typeUrl.lastIndexOf('.') + 1)}`),
      ...this.#missingOf(ENDPOINT_TYPE, this.endpointSets()).map((name) => `endpoint set "${name}"`),
      ...this.#missingOf(ROUTE_TYPE, this.routeTables()).map((name) => `route table "${name}"`),
    ]
  }

  /** Takes what is missing for not existing, until it comes after all. */
  giveUpMissing(): void {
    for (const name of this.#missingOf(ENDPOINT_TYPE, this.endpointSets())) this.#remove(ENDPOINT_TYPE, name)
    for (const name of this.#missingOf(ROUTE_TYPE, this.routeTables())) this.#remove(ROUTE_TYPE, name)
    for (const typeUrl of WHOLE_TYPES) this.#received.add(typeUrl)
  }

  /** Everything held, as the proxy runs on it: clusters without their endpoints have none, route tables may be missing. */
  config(version: string): ProxyConfig {
    const made = this.#made
    made.listeners ??= this.#present<Listener>(LISTENER_TYPE)
    made.routes ??= this.#present<RouteTable>(ROUTE_TYPE)
    made.clusters ??= this.#clusters()
    made.names ??= this.#names()
    const { listeners, routes, clusters, names } = made
    return { version, listeners, routes, clusters, names }
  }

  #apply<Type extends keyof DecodedByType>(typeUrl: Type, update: ResourceUpdate, findings: Findings): void {
    const held: Map<string, Held<DecodedByType[Type]>> = this.#held[typeUrl]
    const decoded = new Map<string, Held<DecodedByType[Type]>>()
    for (const resource of update.changed) {
      if (held.get(resource.name)?.version === resource.version) continue
      const { version } = resource
      decoded.set(resource.name, { version, decoded: decodeResource(typeUrl, resource, findings) })
    }
    if (findings.errors.length > 0) return
    if (decoded.size > 0) this.#changed(typeUrl)
    for (const [name, value] of decoded) held.set(name, value)
    for (const name of update.removed) this.#remove(typeUrl, name)
    this.#received.add(typeUrl)
  }

  #changed(typeUrl: TypeUrl): void {
    for (const what of MADE_OF[typeUrl]) delete this.#made[what]
  }

  #remove(typeUrl: TypeUrl, name: string): void {
    this.#changed(typeUrl)
    const isAskedForByName = typeUrl === ENDPOINT_TYPE || typeUrl === ROUTE_TYPE
    if (isAskedForByName) this.#held[typeUrl].set(name, { version: '', decoded: undefined })
    else this.#held[typeUrl].delete(name)
  }

  #keepOnly(typeUrl: typeof ENDPOINT_TYPE | typeof ROUTE_TYPE, names: ReadonlySet<string>): void {
    const held = this.#held[typeUrl]
    for (const name of held.keys()) {
      if (names.has(name)) continue
      held.delete(name)
      this.#changed(typeUrl)
    }
  }

  #endpointSets(): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { decoded } of this.#held[CLUSTER_TYPE].values())
      if (decoded?.endpointSet !== undefined) names.add(decoded.endpointSet)
    return names
  }

  #routeTables(): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { decoded: listener } of this.#held[LISTENER_TYPE].values()) {
      const chains = [...(listener?.filterChains ?? []), listener?.defaultFilterChain]
      for (const chain of chains) {
        if (chain?.terminal.kind === 'http_connection_manager' && 'rds' in chain.terminal.routes)
          names.add(chain.terminal.routes.rds)
      }
    }
    return names
  }

  #clusters(): ReadonlyMap<string, Cluster> {
    const clusters = new Map<string, Cluster>()
    for (const [name, { decoded }] of this.#held[CLUSTER_TYPE]) {
      if (decoded === undefined) continue
      const { cluster, endpointSet } = decoded
      clusters.set(name, endpointSet === undefined ? cluster : this.#join(cluster, endpointSet))
    }
    return clusters
  }

  #missingOf(typeUrl: typeof ENDPOINT_TYPE | typeof ROUTE_TYPE, needed: ReadonlySet<string>): string[] {
    return [...needed].filter((name) => !this.#held[typeUrl].has(name))
  }

  #join(cluster: Cluster, endpointSet: string): Cluster {
    const endpoints = this.#held[ENDPOINT_TYPE].get(endpointSet)?.decoded ?? NO_ENDPOINTS
    const joins = this.#joined.get(endpoints) ?? new WeakMap<Cluster, Cluster>()
    this.#joined.set(endpoints, joins)
    const joined = joins.get(cluster) ?? { ...cluster, endpoints }
    joins.set(cluster, joined)
    return joined
  }

  #present<Decoded>(typeUrl: typeof LISTENER_TYPE | typeof ROUTE_TYPE): Map<string, Decoded> {
    const present = new Map<string, Decoded>()
    for (const [name, { decoded }] of this.#held[typeUrl])
      if (decoded !== undefined) present.set(name, decoded as Decoded)
    return present
  }

  #names(): ReadonlyMap<string, NameRecord> {
    const tables = [...this.#held[NAME_TABLE_TYPE].values()].flatMap(({ decoded }) => decoded ?? [])
    if (tables.length === 1 && tables[0] !== undefined) return tables[0]
    const names = new Map<string, NameRecord>()
    for (const table of tables) for (const [host, record] of table) names.set(host, record)
    return names
  }
}
