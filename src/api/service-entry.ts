import type { KubeObject } from '#kube/object.ts'

/** Where a service is: MESH_EXTERNAL (the default) or MESH_INTERNAL (spec 1.1). */
export type Location = 'MESH_EXTERNAL' | 'MESH_INTERNAL'

/** How the addresses of a service are found; NONE is the default (spec 1.1). */
export type Resolution = 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS'

/** A port of a service entry, defaults applied. */
export interface ServicePort {
  /** 1 to 65535 */
  readonly number: number
  /** As written, e.g. "TCP", "tcp", "HTTPS"; "" asks for protocol detection. */
  readonly protocol: string
  readonly name: string
  /** 0: the same as number. */
  readonly targetPort: number
}

/** One endpoint (spec 1.2), defaults applied. */
export interface WorkloadEntrySpec {
  /** IPv4, IPv6, a domain name, or unix:///path */
  readonly address: string
  /** service port name → endpoint port */
  readonly ports: Readonly<Record<string, number>>
  readonly labels: Readonly<Record<string, string>>
  readonly network: string
  /** "region/zone/subzone" or "" */
  readonly locality: string
  /** 0 counts as 1 */
  readonly weight: number
  readonly serviceAccount: string
}

/** spec of a ServiceEntry after decoding: camelCase, every field present, defaults applied (spec 1.1). */
export interface ServiceEntrySpec {
  readonly hosts: readonly string[]
  readonly addresses: readonly string[]
  readonly ports: readonly ServicePort[]
  readonly location: Location
  readonly resolution: Resolution
  readonly endpoints: readonly WorkloadEntrySpec[]
  readonly workloadSelector: { readonly labels: Readonly<Record<string, string>> } | undefined
  /** Empty: the mesh's default. */
  readonly exportTo: readonly string[]
  readonly subjectAltNames: readonly string[]
}

export type ServiceEntry = KubeObject<ServiceEntrySpec>
