import { isIP } from 'node:net'
import { faultOfIpSubnet } from './rules/address.ts'
import { faultOfFqdn, faultOfWildcardDomain } from './rules/domain-name.ts'
import { isHttpClass, isTlsClass, parseProtocol, protocolOfPort, servicePort } from './rules/port.ts'
import { writeYaml } from './write-yaml.ts'

/** Somewhere that a program wants to reach. */
export interface Destination {
  /** A domain name, `*.` in front allowed; what is no domain name is not used. */
  readonly host?: string | undefined
  /** An IP address or CIDR block; used where there is no host. */
  readonly ip?: string | undefined
  /** 1 to 65535 */
  readonly port: number
  /** A protocol of a ServiceEntry, in any case; absent: what the port usually carries. */
  readonly protocol?: string | undefined
}

/** How the suggested objects are named; absent: after their destination, in no namespace. */
export interface SuggestionNames {
  readonly name?: string | undefined
  readonly namespace?: string | undefined
}

/** The destination cannot be allowed by a service entry alone. */
export interface NoSuggestion {
  readonly kind: 'none'
  readonly why: string
}

export type Suggestion = { readonly kind: 'yaml'; readonly yaml: string } | NoSuggestion

/** The YAML of a ServiceEntry that allows one destination and as little else as possible. */
export function suggestServiceEntry(destination: Destination, names: SuggestionNames = {}): Suggestion {
  return suggestServiceEntries([destination], names)
}

/** One ServiceEntry for each host or address, with all its ports. A given name gets a number when there are several. */
export function suggestServiceEntries(destinations: readonly Destination[], names: SuggestionNames = {}): Suggestion {
  const groups = new Map<string, { readonly target: Target; readonly ports: Map<number, string> }>()
  for (const destination of destinations) {
    const target = targetOf(destination)
    if (target.kind === 'none') return target
    const protocol = protocolOf(destination, target)
    if (typeof protocol !== 'string') return protocol
    const group = groups.get(target.text) ?? { target, ports: new Map() }
    group.ports.set(destination.port, protocol)
    groups.set(target.text, group)
  }
  const several = groups.size > 1
  const entries = [...groups.values()].map(({ target, ports }, index) => {
    const name = names.name === undefined ? nameOf(target.text) : several ? `${names.name}-${index + 1}` : names.name
    return serviceEntry(target, ports, {
      name,
      ...(names.namespace === undefined ? {} : { namespace: names.namespace }),
    })
  })
  return { kind: 'yaml', yaml: writeYaml(entries) }
}

type Target =
  | { readonly kind: 'host'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly text: string }
  | { readonly kind: 'address'; readonly text: string }

function targetOf({ host, ip, port }: Destination): Target | NoSuggestion {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return none(`port ${port} is not in the range 1..65535`)
  const name = host?.toLowerCase().replace(/\.$/, '') ?? ''
  if (isIP(name) !== 0) return { kind: 'address', text: name }
  if (name.startsWith('*.') && faultOfWildcardDomain(name) === undefined) return { kind: 'wildcard', text: name }
  if (faultOfFqdn(name) === undefined) return { kind: 'host', text: name }
  if (ip !== undefined && faultOfIpSubnet(ip) === undefined) return { kind: 'address', text: ip.replace(/%.*$/, '') }
  return none(`${JSON.stringify(host ?? ip ?? '')} is neither a domain name nor an address`)
}

/**
 * What the port is allowed for. A name is matched by its SNI (TLS) or Host header (HTTP); MySQL and MongoDB are told apart by the virtual address
 * that the mesh's DNS gives each name. An address is opaque TCP unless something else is asked for: it then needs no other match.
 */
function protocolOf({ port, protocol }: Destination, target: Target): string | NoSuggestion {
  if (protocol?.toLowerCase() === 'udp') return none('UDP other than DNS is not carried, whatever a ServiceEntry says')
  if (protocol !== undefined && protocol.toLowerCase() !== 'tcp' && parseProtocol(protocol) === undefined) {
    return none(`unsupported protocol: ${protocol}`)
  }
  if (target.kind === 'address') return protocol?.toUpperCase() ?? 'TCP'
  const chosen = protocolOfPort(port, protocol)
  if (target.kind === 'host' || isHttpClass(chosen) || isTlsClass(chosen)) return chosen
  return none(
    `${target.text} on port ${port} would open that port of every address: ${chosen} does not say which host it wants; give the protocol TLS or HTTP, or an address`,
  )
}

function serviceEntry(target: Target, ports: ReadonlyMap<number, string>, metadata: object): object {
  const address = target.kind === 'address'
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata,
    spec: {
      // An address needs no name: the host is only what logs and graphs call it.
      hosts: [address ? `${nameOf(target.text)}.internal` : target.text],
      ...(address ? { addresses: [target.text] } : {}),
      ports: [...ports].map(([number, protocol]) => servicePort(number, protocol)),
      location: 'MESH_EXTERNAL',
      resolution: target.kind === 'host' ? 'DNS' : 'NONE',
    },
  }
}

/** A valid object name, and a valid DNS label, after a host or an address. */
function nameOf(text: string): string {
  const slug = text
    .replace(/^\*/, 'any')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  const name = /^[\d:./a-f]+$/i.test(text) && /[:/]|^\d+\.\d+\.\d+\.\d+$/.test(text) ? `ip-${slug}` : slug
  return name.slice(0, 63).replace(/^-+|-+$/g, '')
}

function none(why: string): NoSuggestion {
  return { kind: 'none', why }
}
