import { addressBytes } from '#base/ip-address.ts'
import type { Cidr, Cluster, ProxyConfig, ServiceRef } from '#proxy/config/model.ts'
import { prefixesByCluster } from '#proxy/dns/cluster-prefixes.ts'
import { PrefixMap } from '#proxy/dns/prefix-map.ts'
import { NearestHost } from './nearest-host.ts'

/** One port of one service, as far as denials need it. */
export interface IndexedService {
  /** Lower case, possibly "*.x". */
  readonly host: string
  readonly port: number
  /** "HTTPS", "TCP", ...; "" when unknown. */
  readonly protocol: string
  /** e.g. "ServiceEntry default/wikipedia-ext", or "service default/wikipedia.org" where the control plane did not say. */
  readonly rule: string
  /** False when a cluster with endpoints of its own has no healthy one. */
  readonly hasEndpoint: boolean
  /** Addresses that lead to it, as the listeners say; empty: any. */
  readonly networks: readonly Network[]
}

/** A prefix, ready to be compared. */
export interface Network {
  readonly cidr: Cidr
  readonly bytes: Uint8Array
}

/** A configuration arranged for the question "what comes nearest to allowing this call?". Build it once per configuration. */
export interface DenialIndex {
  readonly version: string
  readonly byHost: ReadonlyMap<string, readonly IndexedService[]>
  readonly byPort: ReadonlyMap<number, readonly IndexedService[]>
  readonly byPrefix: PrefixMap<readonly IndexedService[]>
  readonly nearestHost: NearestHost
}

/** Pure; time and memory grow with the number of services. */
export function compileDenialIndex(config: ProxyConfig): DenialIndex {
  const cidrs = prefixesByCluster(config)
  const byHost = new Map<string, IndexedService[]>()
  const byPort = new Map<number, IndexedService[]>()
  const byPrefix = new PrefixMap<readonly IndexedService[]>()
  for (const cluster of config.clusters.values()) {
    if (cluster.service === undefined) continue
    const service = indexed(cluster, cluster.service, cidrs.get(cluster.name) ?? [])
    append(byHost, service.host, service)
    append(byPort, service.port, service)
    for (const { cidr } of service.networks) byPrefix.add(cidr, [service], (held, added) => [...held, ...added])
  }
  return { version: config.version, byHost, byPort, byPrefix, nearestHost: new NearestHost(byHost.keys()) }
}

function indexed(cluster: Cluster, service: ServiceRef, cidrs: readonly Cidr[]): IndexedService {
  return {
    host: service.host.toLowerCase(),
    port: service.port,
    protocol: service.protocol.toUpperCase(),
    rule: ruleOf(service),
    hasEndpoint: cluster.type === 'ORIGINAL_DST' || cluster.endpoints.some((endpoint) => endpoint.healthy),
    networks: cidrs.flatMap((cidr) => {
      const bytes = addressBytes(cidr.address)
      return bytes === undefined ? [] : [{ cidr, bytes }]
    }),
  }
}

/** The object that defines a service, as denials name it. */
export function ruleOf(service: ServiceRef): string {
  return service.definedBy === '' ? `service ${service.namespace}/${service.host}` : service.definedBy
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const held = map.get(key)
  if (held === undefined) map.set(key, [value])
  else held.push(value)
}
