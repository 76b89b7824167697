import { isIP, isIPv4 } from 'node:net'
import { Fault } from '#base/fault.ts'
import type { ProxyConfig, ServiceRef } from '#proxy/config/model.ts'
import { hostCovers } from '#proxy/config/service-host.ts'
import { compileDnsPolicy } from '#proxy/dns/policy.ts'
import { syntheticIpv4 } from '#proxy/dns/synthetic-range.ts'
import type { HypotheticalCall } from './decide.ts'

/** A call as people describe it: what they leave out is what an application would most likely do. */
export interface CallDescription {
  /** An IP address, or the name that the application looks up to find one. */
  readonly destination: string
  readonly port: number
  readonly host: string | undefined
  readonly sni: string | undefined
  readonly protocol: HypotheticalCall['protocol'] | undefined
}

/**
 * Completes a described call: a name becomes the address that the capsule's DNS would answer, a missing protocol what the configuration says of
 * the host and port, a missing server name the host.
 * @throws Fault why/unknown-address when only a resolver outside could tell the name's address
 */
export function hypotheticalCall(config: ProxyConfig, described: CallDescription): HypotheticalCall {
  const { destination, port, host, sni } = described
  const protocol = described.protocol ?? likelyProtocol(config, described)
  const ip = isIP(destination) === 0 ? addressOf(config, destination, port) : destination
  return { ip, port, protocol, sni: sni ?? (protocol === 'tls' ? (host ?? '') : ''), authority: host ?? '' }
}

/** Any address: what the answer does not depend on (RFC 5737, for documentation). */
const SOME_ADDRESS = '192.0.2.1'

function addressOf(config: ProxyConfig, name: string, port: number): string {
  const verdict = compileDnsPolicy(config).verdictOf(name.toLowerCase().replace(/\.$/, ''))
  switch (verdict.kind) {
    case 'known':
      return verdict.record.ips.find((ip) => isIPv4(ip)) ?? verdict.record.ips[0] ?? SOME_ADDRESS
    case 'localhost':
      return '127.0.0.1'
    case 'synthetic':
    case 'nowhere':
      return syntheticIpv4(1)
    case 'ask':
    case 'ask_within':
      if (verdict.kind === 'ask' && verdict.prefer === undefined && !hasBlocks(config, port)) return SOME_ADDRESS
      throw new Fault(
        'why/unknown-address',
        `the answer depends on the address of "${name}", which the configuration does not say`,
        {
          mend: `give the address that the application dials: --dst IP:PORT --host ${name}`,
        },
      )
  }
}

/** Addresses of the port lead somewhere of their own. */
function hasBlocks({ clusters }: ProxyConfig, port: number): boolean {
  return [...clusters.values()].some(({ service }) => service?.port === port && (service.addresses ?? []).length > 0)
}

/** What the service that is named speaks, else what the port usually carries, else what any service on the port speaks. */
function likelyProtocol(config: ProxyConfig, { port, host, sni }: CallDescription): HypotheticalCall['protocol'] {
  if (sni !== undefined) return 'tls'
  const onPort = [...config.clusters.values()].flatMap(({ service }) => (service?.port === port ? [service] : []))
  const asked = host?.toLowerCase()
  const named = asked === undefined ? undefined : onPort.find(({ host }) => hostCovers(host.toLowerCase(), asked))
  if (named !== undefined) return wireProtocol(named, 'http')
  if (asked !== undefined && port === 443) return 'tls'
  const [first] = onPort
  if (first !== undefined) return wireProtocol(first, asked === undefined ? 'tcp' : 'http')
  return asked === undefined ? 'tcp' : 'http'
}

/** @param detected what to take for a port whose protocol is detected */
function wireProtocol({ protocol }: ServiceRef, detected: HypotheticalCall['protocol']): HypotheticalCall['protocol'] {
  if (protocol === '') return detected
  if (/^(?:HTTP|HTTP2|HTTP_PROXY|GRPC|GRPC-WEB)$/.test(protocol)) return 'http'
  return protocol === 'TLS' || protocol === 'HTTPS' ? 'tls' : 'tcp'
}
