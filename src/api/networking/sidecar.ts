import type { KubeObject } from '#kube/object.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { Destination } from './destination.ts'
import type { ServerPort } from './gateway.ts'
import type { ServerTls } from './server-tls.ts'

/** spec of a Sidecar after decoding, defaults applied (spec 1.6). */
export interface SidecarSpec {
  /** Workloads it is for; undefined: all of the namespace without one of their own. */
  readonly workloadSelector: { readonly labels: Readonly<Record<string, string>> } | undefined
  readonly ingress: readonly IngressListener[]
  readonly egress: readonly EgressListener[]
  /** undefined: the mesh's; written without a mode it is REGISTRY_ONLY (spec 10.1). */
  readonly outboundTrafficPolicy: SidecarOutboundPolicy | undefined
  readonly inboundConnectionPool: ConnectionPool | undefined
}

export type Sidecar = KubeObject<SidecarSpec>

export interface SidecarOutboundPolicy {
  /** ALLOW_ANY_DYNAMIC_DNS is for whole meshes, and refused here. */
  readonly mode: 'REGISTRY_ONLY' | 'ALLOW_ANY' | 'ALLOW_ANY_DYNAMIC_DNS'
  readonly egressProxy: Destination | undefined
}

/** DEFAULT is what the proxy does anyway. */
export type CaptureMode = 'DEFAULT' | 'IPTABLES' | 'NONE'

export interface IngressListener {
  /** undefined: left out, which is an error */
  readonly port: ServerPort | undefined
  readonly bind: string
  readonly captureMode: CaptureMode
  /** Where the application listens: "127.0.0.1:PORT" and the like, or unix://PATH. */
  readonly defaultEndpoint: string
  readonly tls: ServerTls | undefined
  readonly connectionPool: ConnectionPool | undefined
}

export interface EgressListener {
  /** undefined: every port */
  readonly port: ServerPort | undefined
  /** An IP address or a Unix socket; "" is what the services have. */
  readonly bind: string
  readonly captureMode: CaptureMode
  /** `NAMESPACE/HOST` */
  readonly hosts: readonly string[]
}
