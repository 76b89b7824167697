import type { Service } from '#control/mesh/service.ts'
import { virtualIpsOf } from './outbound-listeners.ts'
import type { ProxyNode } from './proxy-node.ts'

/**
 * The Host headers that mean a service (spec 3.7): its host with and without the final dot, short forms of a host below the
 * cluster's domain, and its addresses, IPv6 in brackets.
 */
export function domainsOf(service: Service, node: ProxyNode): readonly string[] {
  const { host } = service
  const absolute = host.endsWith('.') ? [] : [`${host}.`]
  return [host, ...absolute, ...shortForms(host, node.dnsDomain), ...addressesOf(service, node).map(bracketed)]
}

/** "db.prod.svc.cluster.local" for proxies of prod: "db", "db.prod.svc", "db.prod"; for others without the first. */
function shortForms(host: string, dnsDomain: string): readonly string[] {
  const svc = dnsDomain.indexOf('.svc.')
  if (svc < 0 || !host.endsWith(dnsDomain.slice(svc))) return []
  const end = host.indexOf('.svc.')
  const dot = host.indexOf('.')
  if (end <= 0 || dot + 1 > end) return []
  const withNamespace = host.slice(0, end)
  if (host.slice(dot + 1, end) === dnsDomain.slice(0, svc))
    return [host.slice(0, dot), `${withNamespace}.svc`, withNamespace]
  return [withNamespace, `${withNamespace}.svc`]
}

function addressesOf(service: Service, node: ProxyNode): readonly string[] {
  switch (service.address.kind) {
    case 'ip':
      return [service.address.address]
    case 'cidr':
      return [service.address.cidr.text]
    case 'none':
      return virtualIpsOf(service, node) ?? []
  }
}

/** Blocks too: istiod writes them as they are. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
