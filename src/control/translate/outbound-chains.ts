import { isTls, listenerClass } from '#control/mesh/protocol.ts'
import type { Service, ServicePort } from '#control/mesh/service.ts'
import type { Cidr } from '#control/mesh/service-address.ts'
import { clusterName } from './messages.ts'

/** One filter chain of an outbound listener before it becomes a message: what it matches and where it leads. */
export interface OutboundChain {
  /** The block that destinations must be in, at most one: a service has one address; undefined where it would hold all there are. */
  readonly cidr: Cidr | undefined
  /** SNI, exact or "*.x"; undefined matches any connection. */
  readonly serverName: string | undefined
  /** Plain text that the HTTP inspector recognized. */
  readonly plainHttp: boolean
  readonly target:
    | { readonly kind: 'tcp'; readonly cluster: string; readonly mongo: boolean }
    | { readonly kind: 'http'; readonly routeConfig: string }
  /** For conflicts: who asked for it. */
  readonly service: Service
  readonly port: ServicePort
}

/** Two chains with equal keys match the same connections, whatever the case of their server names: only the first may stay (spec 3.5). */
export function chainKey(chain: OutboundChain): string {
  return `${chain.plainHttp ? 'http' : ''}|${chain.serverName?.toLowerCase() ?? ''}|${chain.cidr?.range ?? ''}`
}

/** It matches every connection of its listener, and so becomes the default filter chain. */
export function matchesAll(chain: OutboundChain): boolean {
  return chain.cidr === undefined && chain.serverName === undefined && !chain.plainHttp
}

/**
 * The chains that one service port asks for on its listener (spec 3.4, 3.6).
 * @param anyAddress what the listener is bound to when it is bound to any address, and TLS is told apart by SNI; undefined for one address
 */
export function chainsOf(
  service: Service,
  port: ServicePort,
  anyAddress: readonly string[] | undefined,
): readonly [OutboundChain, ...OutboundChain[]] {
  const kind = listenerClass(port.protocol)
  if (kind === 'http') return [httpChain(service, port, String(port.number))]
  if (kind === 'tcp') return [tcpChain(service, port, anyAddress)]
  // Detected: bytes that are not HTTP go to the cluster; HTTP has routes of its own where the listener does.
  const routeConfig = anyAddress ? String(port.number) : `${service.host}:${port.number}`
  return [tcpChain(service, port, anyAddress), httpChain(service, port, routeConfig)]
}

function httpChain(service: Service, port: ServicePort, routeConfig: string): OutboundChain {
  return {
    cidr: undefined,
    serverName: undefined,
    plainHttp: true,
    target: { kind: 'http', routeConfig },
    service,
    port,
  }
}

function tcpChain(service: Service, port: ServicePort, anyAddress: readonly string[] | undefined): OutboundChain {
  return {
    cidr:
      service.address.kind === 'cidr' && !holdsAll(service.address.cidr, anyAddress) ? service.address.cidr : undefined,
    serverName: anyAddress && isTls(port.protocol) ? service.host : undefined,
    plainHttp: false,
    target: { kind: 'tcp', cluster: clusterName(service.host, port.number), mongo: port.protocol === 'MONGO' },
    service,
    port,
  }
}

/**
 * 0.0.0.0/0 is nothing to match where there are IPv4 addresses only; on a dual-stack listener it would open all of IPv6. istiod leaves the match
 * out for any block at 0.0.0.0, so that 0.0.0.0/8 opens every address there.
 */
function holdsAll({ address, prefixLength }: Cidr, anyAddress: readonly string[] | undefined): boolean {
  return prefixLength === 0 && anyAddress?.length === 1 && anyAddress[0] === address
}
