import type { Resolution } from '#api/service-entry.ts'
import type { Protocol } from './protocol.ts'
import type { ObjectRef } from './rejection.ts'
import type { ServiceAddress } from './service-address.ts'
import type { VirtualIps } from './virtual-ips.ts'

/** Who may see a service (spec 3.2). */
export type Visibility =
  | { readonly kind: 'public' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'namespaces'; readonly namespaces: ReadonlySet<string> }

export interface ServicePort {
  /** 1 to 65535 */
  readonly number: number
  readonly name: string
  readonly protocol: Protocol
  /** 0: the same as number. */
  readonly targetPort: number
  /** The object that this port comes from: services of one host may be merged from several. */
  readonly definedBy: ObjectRef
  /** e.g. "spec.ports[0]" */
  readonly path: string
}

/** One host at one address: a service entry makes hosts × addresses of them (spec 3.1). */
export interface Service {
  readonly host: string
  readonly namespace: string
  readonly address: ServiceAddress
  /** Set only when `address` is none and the host is eligible. */
  readonly virtualIps: VirtualIps | undefined
  /** Objects of this service alone. */
  readonly ports: readonly ServicePort[]
  /** DYNAMIC_DNS is rejected before this point. */
  readonly resolution: Exclude<Resolution, 'DYNAMIC_DNS'>
  /** location MESH_EXTERNAL */
  readonly external: boolean
  /** Endpoints come from a workloadSelector. */
  readonly selected: boolean
  readonly visibility: Visibility
  readonly definedBy: ObjectRef
  /** Milliseconds since 1970; 0 for objects without a creation time, which count as the oldest. */
  readonly createdAt: number
  /** "NAMESPACE/HOST" */
  readonly hostKey: string
  /** "HOST.NAMESPACE": the order of services of one age. */
  readonly sortKey: string
  /** Equal for services whose ports may be merged under one host (spec 3.2 a). */
  readonly mergeKey: string
}

/** Where connections of a service port go. */
export interface Endpoint {
  /** IP, domain name, or the path of a Unix socket (then `port` is 0). */
  readonly address: string
  readonly port: number
  /** 1 or more */
  readonly weight: number
  /** "region/zone/subzone" or "" */
  readonly locality: string
}
