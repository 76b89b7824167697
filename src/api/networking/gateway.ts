import type { KubeObject } from '#kube/object.ts'
import type { ServerTls } from './server-tls.ts'

/** spec of a Gateway after decoding, defaults applied (spec 1.5). */
export interface GatewaySpec {
  readonly servers: readonly GatewayServer[]
  /** Labels of the proxies that serve it; empty: all gateways. */
  readonly selector: Readonly<Record<string, string>>
}

export type Gateway = KubeObject<GatewaySpec>

export interface GatewayServer {
  /** undefined: left out, which is an error */
  readonly port: ServerPort | undefined
  /** An IP address or a Unix socket; "" is every address. */
  readonly bind: string
  /** `DNSNAME` or `NAMESPACE/DNSNAME` */
  readonly hosts: readonly string[]
  readonly tls: ServerTls | undefined
  readonly defaultEndpoint: string
  readonly name: string
}

/** A port that a gateway or sidecar listens on. */
export interface ServerPort {
  readonly number: number
  /** As written, e.g. "HTTPS". */
  readonly protocol: string
  readonly name: string
  /** Deprecated, and refused. */
  readonly targetPort: number
}
