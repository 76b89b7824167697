import { formatHostPort } from '#base/host-port.ts'
import { syntheticSlot } from '#proxy/dns/synthetic-range.ts'
import type { Denial } from './denial.ts'

/** One sentence for protocol errors, bodies and logs: who, where to, why, and what came nearest. */
export function describeDenial(denial: Denial): string {
  return `denied ${route(denial)}: ${whyDenied(denial)}`
}

/** Three lines for terminals; `suggestion` is what would allow the call: a command, or a change. */
export function renderDenial(denial: Denial, options: { readonly suggestion: string | undefined }): string {
  const lines = [
    `postern: denied  ${route(denial)}`,
    `         ${whyDenied(denial).replace('; nearest:', '. nearest:')}`,
  ]
  if (options.suggestion !== undefined) lines.push(`         allow it with:  ${options.suggestion}`)
  return lines.join('\n')
}

/** "no ServiceEntry names this host; nearest: ServiceEntry default/x allows port 443 of x only" */
export function whyDenied(denial: Denial): string {
  const { nearest } = denial
  const reason = REASONS[denial.reason](denial)
  return nearest === undefined ? reason : `${reason}; nearest: ${nearest.rule} ${nearest.allows}`
}

const REASONS: Readonly<Record<Denial['reason'], (denial: Denial) => string>> = {
  no_service_entry: (denial) => `no ServiceEntry names this ${denial.host === undefined ? 'address' : 'host'}`,
  port_not_allowed: (denial) => {
    const named = denial.host === undefined ? 'address' : 'host'
    return `no ServiceEntry allows port ${denial.destination.port} of this ${named}`
  },
  protocol_mismatch: (denial) =>
    `port ${denial.destination.port} is declared for another protocol than ${PROTOCOL_NAMES[denial.protocol]}`,
  http_version: () => 'only HTTP/1.1 and HTTP/2 are routed, and the request is neither',
  address_not_allowed: () => 'no ServiceEntry allows this address',
  no_sni: () => 'the TLS handshake names no server, and only a server name could have allowed it',
  no_host_header: () => 'the Host header names no host, and only a host could have allowed it',
  no_endpoint: () => 'the host is allowed, but no endpoint of it is known and healthy',
  address_mismatch: () =>
    'the host is allowed, but this address was never answered for it: its name was not looked up here',
  local_address: () => 'an address of this machine, its link or its cloud is not reached by way of a name or a block',
  udp: () => 'UDP other than DNS is not carried',
}

const PROTOCOL_NAMES: Readonly<Record<Denial['protocol'], string>> = {
  tcp: 'TCP',
  tls: 'TLS',
  http: 'HTTP',
  http2: 'HTTP/2',
  mysql: 'MySQL',
  mongo: 'MongoDB',
  udp: 'UDP',
}

/** "curl → www.wikipedia.org:443 (TLS, SNI www.wikipedia.org, 91.198.174.192)" */
function route(denial: Denial): string {
  const { ip, port } = denial.destination
  return `${denial.workload.name} → ${formatHostPort(printable(denial.host ?? ip), port)} (${details(denial).join(', ')})`
}

function details(denial: Denial): string[] {
  const details = [PROTOCOL_NAMES[denial.protocol]]
  if (denial.host !== undefined && denial.hostKnownBy !== 'dns') {
    details.push(`${KNOWN_BY[denial.hostKnownBy ?? 'host']} ${printable(denial.host)}`)
  }
  // Without a name the address has been said already, and one that we made up for a name would only puzzle.
  const { ip } = denial.destination
  if (denial.host !== undefined && ip !== '' && syntheticSlot(ip) === undefined) details.push(ip)
  return details
}

const KNOWN_BY = { sni: 'SNI', host: 'Host', connect: 'CONNECT', dns: 'DNS' } as const

/** Host names come from strangers, and this text goes to terminals and protocol errors. */
function printable(host: string): string {
  return host.replace(/[^\x21-\x7e]/g, '?').slice(0, 253)
}
