import { boolean, described, int32, list, mapOf, message, optional, string } from '#api/schema/decode.ts'
import type { KubeObject } from '#kube/object.ts'

/** Protocols an EgressRule can name, in any case (spec 2.1). */
export const EGRESS_RULE_PROTOCOLS = ['HTTP', 'HTTP2', 'GRPC', 'HTTPS', 'TCP', 'MONGO'] as const

/** spec of an EgressRule (config.istio.io/v1alpha2, Istio 0.2 to 0.8), decoded (spec 2.1). */
export interface EgressRuleSpec {
  readonly destination: EgressRuleDestination | undefined
  readonly ports: readonly { readonly port: number; readonly protocol: string }[]
  /** Was never implemented: true is an error. */
  readonly useEgressProxy: boolean
}

export interface EgressRuleDestination {
  /** A domain, `*` in front allowed, an IPv4 address or an IPv4 CIDR block. */
  readonly service: string
  /** These name services of the mesh and must be empty here. */
  readonly name: string
  readonly namespace: string
  readonly domain: string
  readonly labels: Readonly<Record<string, string>>
}

export type EgressRule = KubeObject<EgressRuleSpec>

const decodeDestination = message<EgressRuleDestination>({
  service: described('A domain, "*" in front allowed, an IPv4 address or an IPv4 CIDR block.', string()),
  name: described('Names a service of the mesh: must be empty.', string()),
  namespace: described('Names a service of the mesh: must be empty.', string()),
  domain: described('Names a service of the mesh: must be empty.', string()),
  labels: described('Select workloads of the mesh: must be empty.', mapOf(string())),
})

const decodePort = message({
  port: described('Number of the port.', int32),
  protocol: described('HTTP, HTTP2, GRPC, HTTPS, TCP or MONGO.', string()),
})

export const decodeEgressRuleSpec = message<EgressRuleSpec>({
  destination: described('What may be called.', optional(decodeDestination)),
  ports: described('Ports that may be called.', list(decodePort)),
  useEgressProxy: described('Was never implemented: must be false.', boolean),
})

/** The class that decides which rules may share a port: all of HTTP are one, TCP and MONGO each their own. */
export function protocolClass(protocol: string): string {
  const upper = protocol.toUpperCase()
  return upper === 'TCP' || upper === 'MONGO' ? upper : 'HTTP'
}
