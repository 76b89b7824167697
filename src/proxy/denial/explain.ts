import { addressBytes } from '#base/ip-address.ts'
import type { AddressRefusal } from '#proxy/cluster/upstream-cluster.ts'
import type { ServiceRef } from '#proxy/config/model.ts'
import { cidrText, commonPrefixLength } from '#proxy/dns/prefix-map.ts'
import { isMadeUp } from '#proxy/dns/synthetic-range.ts'
import type { Denial, DenialReason, NearestRule } from './denial.ts'
import { type DenialIndex, type IndexedService, ruleOf } from './denial-index.ts'

/** A call that was refused, as far as it is known. */
export interface RefusedCall {
  readonly ip: string
  readonly port: number
  readonly host: string | undefined
  readonly hostKnownBy: Denial['hostKnownBy']
  readonly protocol: Denial['protocol']
  /** The client left without a word. */
  readonly isSilent?: boolean
  /** HTTP that no route can take: it is neither HTTP/1.1 nor HTTP/2. */
  readonly isOldHttp?: boolean
  /** Set when a service was found, and the address was at fault. */
  readonly refusal?: RefusedAddress
}

/** A cluster would not go to the address. */
export interface RefusedAddress {
  readonly reason: AddressRefusal
  /** Undefined for PassthroughCluster. */
  readonly service: ServiceRef | undefined
}

/** Why, and what came nearest to allowing it. */
export interface Explanation {
  readonly reason: DenialReason
  readonly nearest: NearestRule | undefined
}

/** Who left without a word has spoken no other protocol than the declared one. */
export function blamesNobody(isSilent: boolean | undefined, reason: DenialReason): boolean {
  return isSilent === true && reason === 'protocol_mismatch'
}

/** Explains a refusal from the configuration that refused it. Pure. */
export function explainDenial(index: DenialIndex, call: RefusedCall): Explanation {
  const host = call.host?.toLowerCase()
  const { refusal } = call
  // What stands for another name than the service's is explained as if nothing had been let through.
  if (refusal !== undefined && refusal.reason !== 'made_up_address' && !isAnothers(index, refusal, host))
    return explainRefusal(refusal.reason, refusal.service)
  if (call.protocol === 'udp') return { reason: 'udp', nearest: undefined }
  if (host === undefined) return explainAddress(index, call)
  const services = servicesOf(index, host)
  if (services.length > 0) return explainNamed(services, call)
  const near = index.nearestHost.find(host)
  if (near !== undefined) return notNamed(nearestOf(preferPort(index.byHost.get(near) ?? [], call.port), 'spec.hosts'))
  return notNamed(nearestOf(servicesAt(index, call.ip) ?? [], 'spec.hosts'))
}

/** Its port alone led the call to the service. */
function isAnothers(index: DenialIndex, { reason, service }: RefusedAddress, host: string | undefined): boolean {
  if (reason !== 'address_mismatch' || host === undefined || service === undefined) return false
  return servicesOf(index, host).every((named) => named.host.toLowerCase() !== service.host.toLowerCase())
}

function explainRefusal(reason: DenialReason, service: ServiceRef | undefined): Explanation {
  if (service === undefined) return { reason, nearest: undefined }
  const allows = `allows port ${service.port} of ${service.host} only, at the addresses that DNS answers for it`
  return { reason, nearest: { rule: ruleOf(service), field: 'spec.addresses', allows } }
}

/** The services that name a host: exactly, or by the longest wildcard above it. */
export function servicesOf(index: DenialIndex, host: string): readonly IndexedService[] {
  const exact = index.byHost.get(host)
  if (exact !== undefined) return exact
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const wildcard = index.byHost.get(`*${host.slice(dot)}`)
    if (wildcard !== undefined) return wildcard
  }
  return []
}

/** All that is allowed of the hosts whose addresses these are: ports that are told apart by name have no address of their own. */
function servicesAt(index: DenialIndex, ip: string): readonly IndexedService[] | undefined {
  const found = index.byPrefix.longest(ip)
  return found && [...new Set(found.flatMap(({ host }) => index.byHost.get(host) ?? []))]
}

function notNamed(nearest: NearestRule | undefined): Explanation {
  return { reason: 'no_service_entry', nearest }
}

function explainNamed(services: readonly IndexedService[], call: RefusedCall): Explanation {
  const service = services.find((candidate) => candidate.port === call.port)
  if (service === undefined) return { reason: 'port_not_allowed', nearest: nearestOf(services, 'spec.ports') }
  if (service.networks.length > 0 && !holds(service, call.ip)) return addressNotAllowed(service)
  return explainProtocol(service, call) ?? addressNotAllowed(service)
}

/** The host and port are named: the protocol, the server name, or the endpoints must be at fault. */
function explainProtocol(service: IndexedService, call: RefusedCall): Explanation | undefined {
  const declared = classOf(service.protocol)
  const spoken = spokenClass(call.protocol)
  if (declared === 'tls' && spoken === 'tls' && call.hostKnownBy !== 'sni') return noServerName(service)
  if (declared !== 'any' && declared !== spoken) {
    const nearest = {
      rule: service.rule,
      field: 'spec.ports[].protocol',
      allows: `allows ${service.protocol} on port ${service.port} of ${service.host} only`,
    }
    return { reason: 'protocol_mismatch', nearest }
  }
  if (declared === 'http' && call.isOldHttp) {
    const allows = `allows HTTP/1.1 and HTTP/2 on port ${service.port} of ${service.host}`
    return { reason: 'http_version', nearest: { rule: service.rule, field: 'spec.ports[].protocol', allows } }
  }
  if (declared === 'http' && call.host !== undefined && call.hostKnownBy === 'dns') return noHostHeader(service)
  if (service.hasEndpoint) return undefined
  const nearest = {
    rule: service.rule,
    field: 'spec.endpoints',
    allows: `allows port ${service.port} of ${service.host}, which has no healthy endpoint`,
  }
  return { reason: 'no_endpoint', nearest }
}

function spokenClass(protocol: Denial['protocol']): 'http' | 'tls' | 'tcp' {
  if (protocol === 'http' || protocol === 'http2') return 'http'
  return protocol === 'tls' ? 'tls' : 'tcp'
}

function noServerName(service: IndexedService): Explanation {
  const nearest = {
    rule: service.rule,
    field: 'spec.hosts',
    allows: `allows port ${service.port} to the server name ${service.host} only`,
  }
  return { reason: 'no_sni', nearest }
}

/** DNS told its name, and the request goes by the address. */
function noHostHeader(service: IndexedService): Explanation {
  const allows = `allows port ${service.port} to the Host header ${service.host} only`
  return { reason: 'no_host_header', nearest: { rule: service.rule, field: 'spec.hosts', allows } }
}

function addressNotAllowed(service: IndexedService): Explanation {
  // A virtual IP says nothing to anybody: the name got it from the capsule's DNS.
  const networks = service.networks.filter(({ cidr }) => !isMadeUp(cidr.address))
  const where = networks.length === 0 ? service.host : listed(networks.map(({ cidr }) => cidrText(cidr)))
  const nearest = {
    rule: service.rule,
    field: 'spec.addresses',
    allows: `allows port ${service.port} of ${where} only`,
  }
  return { reason: 'address_not_allowed', nearest }
}

/** A call whose host nobody knows, or that nothing names: its address has to speak for it. */
function explainAddress(index: DenialIndex, call: RefusedCall): Explanation {
  const around = servicesAt(index, call.ip)
  if (around !== undefined) {
    const service = around.find((candidate) => candidate.port === call.port)
    if (service === undefined) return { reason: 'port_not_allowed', nearest: nearestOf(around, 'spec.ports') }
    return explainProtocol(service, call) ?? addressNotAllowed(service)
  }
  const samePort = index.byPort.get(call.port) ?? []
  const named = call.protocol === 'tls' ? samePort.find(needsServerName) : undefined
  if (named !== undefined) return noServerName(named)
  const near = nearestByAddress(samePort, call.ip)
  return near === undefined ? notNamed(undefined) : addressNotAllowed(near)
}

function needsServerName(service: IndexedService): boolean {
  return service.networks.length === 0 && classOf(service.protocol) === 'tls'
}

/** Bits that an address and a prefix must share to be called near: an IPv4 /16, an IPv6 /32. */
const NEAR_BITS: Readonly<Record<number, number>> = { 4: 16, 16: 32 }

function nearestByAddress(services: readonly IndexedService[], ip: string): IndexedService | undefined {
  const bytes = addressBytes(ip)
  if (bytes === undefined) return undefined
  let nearest: IndexedService | undefined
  let nearestBits = (NEAR_BITS[bytes.length] ?? 0) - 1
  for (const service of services) {
    for (const network of service.networks) {
      const bits = commonPrefixLength(bytes, network.bytes)
      if (bits > nearestBits) {
        nearest = service
        nearestBits = bits
      }
    }
  }
  return nearest
}

function holds(service: IndexedService, ip: string): boolean {
  const bytes = addressBytes(ip)
  if (bytes === undefined) return false
  return service.networks.some((network) => commonPrefixLength(bytes, network.bytes) >= network.cidr.prefixLength)
}

/** "ServiceEntry a/b allows ports 80 and 443 of x only", of the first service's rule and host. */
function nearestOf(services: readonly IndexedService[], field: string): NearestRule | undefined {
  const [first] = services
  if (first === undefined) return undefined
  const ports = new Set(
    services.filter(({ rule, host }) => rule === first.rule && host === first.host).map(({ port }) => port),
  )
  const numbers = [...ports].sort((one, other) => one - other).map(String)
  const word = numbers.length === 1 ? 'port' : 'ports'
  return { rule: first.rule, field, allows: `allows ${word} ${listed(numbers)} of ${first.host} only` }
}

function preferPort(services: readonly IndexedService[], port: number): readonly IndexedService[] {
  const preferred = services.find((service) => service.port === port)
  return preferred === undefined ? services : [preferred, ...services]
}

/** Lists are for people: a handful of items, then how many more. */
function listed(items: readonly string[]): string {
  if (items.length > 5) return `${items.slice(0, 4).join(', ')} and ${items.length - 4} more`
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

function classOf(protocol: string): 'http' | 'tls' | 'tcp' | 'any' {
  if (/^(HTTP|HTTP2|GRPC|GRPC-WEB|HTTP_PROXY)$/.test(protocol)) return 'http'
  if (protocol === 'HTTPS' || protocol === 'TLS') return 'tls'
  return 'any'
}
