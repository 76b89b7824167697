import { faultOfIpSubnet, isIpAddress } from '#api/rules/address.ts'
import { faultOfWildcardDomain } from '#api/rules/domain-name.ts'
import type { HostSet } from '#api/rules/host-overlap.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { checkDestinations, checkSourceMatch } from './route-rules.ts'
import type { TcpRoute, TlsRoute } from './virtual-service.ts'

/** Istio's rules about routes of TLS and TCP (spec 1.3, validation 18, 19). */

/** The hosts of the virtual service that a route belongs to. */
interface ServedHosts {
  readonly hosts: readonly string[]
  readonly index: HostSet
  readonly isGatewayOnly: boolean
}

export function checkTlsRoute(rule: TlsRoute, served: ServedHosts, path: FieldPath, report: Report): void {
  if (rule.match.length === 0) {
    report.fault([...path, 'match'], 'TLS route must have at least one match condition')
  }
  for (const [index, match] of rule.match.entries()) {
    const at = [...path, 'match', index]
    if (match.sniHosts.length === 0) report.fault([...at, 'sniHosts'], 'TLS match must have at least one SNI host')
    for (const [position, host] of match.sniHosts.entries()) {
      checkSniHost(host, served, [...at, 'sniHosts', position], report)
    }
    checkSubnets(match.destinationSubnets, at, report)
    checkSourceMatch(match, at, report)
  }
  if (rule.route.length === 0) report.fault([...path, 'route'], 'TLS route is required')
  checkDestinations(rule.route, [...path, 'route'], report)
}

export function checkTcpRoute(rule: TcpRoute, path: FieldPath, report: Report): void {
  for (const [index, match] of rule.match.entries()) {
    const at = [...path, 'match', index]
    checkSubnets(match.destinationSubnets, at, report)
    checkSourceMatch(match, at, report)
  }
  if (rule.route.length === 0) report.fault([...path, 'route'], 'TCP route is required')
  checkDestinations(rule.route, [...path, 'route'], report)
}

function checkSubnets(subnets: readonly string[], path: FieldPath, report: Report): void {
  for (const [index, subnet] of subnets.entries()) {
    report.fault([...path, 'destinationSubnets', index], faultOfIpSubnet(subnet))
  }
}

/** Of the hosts that a server name could have been one of, so many are told. */
const MAX_LISTED = 20

function checkSniHost(host: string, served: ServedHosts, path: FieldPath, report: Report): void {
  if (isIpAddress(host)) {
    const text = `using an IP address (${JSON.stringify(host)}) goes against SNI spec and most clients do not support this`
    report.fault(path, text, 'warning')
    return
  }
  const isClusterName = served.isGatewayOnly && host.startsWith('outbound_')
  const fault = isClusterName ? faultOfClusterName(host) : faultOfWildcardDomain(host)
  report.fault(path, fault)
  if (fault !== undefined || served.index.holding(host) !== undefined) return
  const hosts = served.hosts.length > MAX_LISTED ? [...served.hosts.slice(0, MAX_LISTED), '...'] : served.hosts
  const text = `SNI host ${JSON.stringify(host)} is not a compatible subset of any of the virtual service hosts: [${hosts.join(', ')}]`
  report.fault(path, text)
}

/** `outbound_.PORT_.SUBSET_.HOST`, the server name by which sidecars ask a gateway for a cluster of theirs (spec 1.0). */
function faultOfClusterName(name: string): string | undefined {
  const parts = name.split('_')
  if (parts.length >= 4 && /\d/.test(parts[1]!) && /[a-zA-Z]/.test(parts[3]!)) return undefined
  return `domain name ${JSON.stringify(name)} invalid: it should follow outbound_.<port>_._.<hostname> format`
}
