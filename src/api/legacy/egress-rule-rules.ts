import { isIPv4 } from 'node:net'
import { isIpv4Cidr } from '#api/rules/address.ts'
import { faultOfFqdn } from '#api/rules/domain-name.ts'
import { faultOfPort } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { keyOf } from '#kube/object.ts'
import { EGRESS_RULE_PROTOCOLS, type EgressRule, type EgressRuleDestination, protocolClass } from './egress-rule.ts'

/** The rules of Istio 0.2 to 0.8 about an egress rule (spec 2.1), all faults at once. */
export function checkEgressRule(rule: EgressRule, report: Report): void {
  const { destination, ports, useEgressProxy } = rule.spec
  const at = ['spec', 'destination']
  if (destination !== undefined) checkDestination(destination, report)
  else if (!report.isBroken(at)) report.error(at, 'destination of egress rule must have destination field')
  if (ports.length === 0 && !report.isBroken(['spec', 'ports'])) {
    report.error(['spec', 'ports'], 'egress rule must have a ports list')
  }
  checkPorts(rule, report)
  if (useEgressProxy) {
    report.error(['spec', 'useEgressProxy'], 'directing traffic through egress proxy is not implemented yet')
  }
}

/** The order in which conflicts between rules are decided: the smaller key wins (spec 2.1). */
function egressRuleKey(rule: EgressRule): string {
  return `egress-rule/${keyOf(rule)}`
}

/** Why a rule has no effect. */
export interface EgressRuleConflict {
  /** The rule that comes first. */
  readonly winner: EgressRule
  readonly path: FieldPath
  /** Names the winner. */
  readonly reason: string
}

/**
 * Rules that Istio leaves out because of an earlier one, with the reason: the same destination again, or another class of protocol on
 * the same port (spec 2.1).
 */
export function findConflicts(rules: readonly EgressRule[]): ReadonlyMap<EgressRule, EgressRuleConflict> {
  const conflicts = new Map<EgressRule, EgressRuleConflict>()
  const byService = new Map<string, EgressRule>()
  const byPort = new Map<number, { readonly rule: EgressRule; readonly protocol: string }>()
  const ordered = [...rules].sort((a, b) => (egressRuleKey(a) < egressRuleKey(b) ? -1 : 1))
  for (const rule of ordered) {
    const service = rule.spec.destination?.service ?? ''
    const twin = byService.get(service)
    const port = rule.spec.ports.findIndex(({ port, protocol }) => {
      const other = byPort.get(port)
      return other !== undefined && other.protocol !== protocolClass(protocol)
    })
    if (twin !== undefined) {
      const reason = `EgressRule ${keyOf(twin)} has the same destination.service ${JSON.stringify(service)}`
      conflicts.set(rule, { winner: twin, path: ['spec', 'destination', 'service'], reason })
    } else if (port >= 0) conflicts.set(rule, clashOf(rule, port, byPort))
    else {
      byService.set(service, rule)
      for (const { port, protocol } of rule.spec.ports) byPort.set(port, { rule, protocol: protocolClass(protocol) })
    }
  }
  return conflicts
}

function clashOf(
  rule: EgressRule,
  index: number,
  byPort: ReadonlyMap<number, { readonly rule: EgressRule; readonly protocol: string }>,
): EgressRuleConflict {
  const { port, protocol } = rule.spec.ports[index]!
  const other = byPort.get(port)!
  const reason = `EgressRule ${keyOf(other.rule)} uses port ${port} for ${other.protocol}, this one for ${protocol}`
  return { winner: other.rule, path: ['spec', 'ports', index], reason }
}

function checkDestination(destination: EgressRuleDestination, report: Report): void {
  const path = ['spec', 'destination']
  for (const field of ['name', 'namespace', 'domain'] as const) {
    if (destination[field] !== '') {
      report.error([...path, field], `destination of egress rule must not have ${field} field`)
    }
  }
  if (Object.keys(destination.labels).length > 0) {
    report.error([...path, 'labels'], 'destination of egress rule must not have labels field')
  }
  const at = [...path, 'service']
  const fault = faultOfService(destination.service)
  if (fault !== undefined && !report.isBroken(at)) report.error(at, fault)
}

function faultOfService(service: string): string | undefined {
  if (isBlock(service))
    return isIpv4Cidr(service) ? undefined : `${service} is not a valid CIDR block of IPv4 addresses`
  // A single address passed as a domain in Istio 0.3 to 0.8, and was converted as an address (spec 2.2).
  if (service === '*' || isIPv4(service)) return undefined
  const rest = service.replace(/^\*[.-]?/, '')
  return faultOfFqdn(rest)
}

/** Exactly one slash makes a destination a block of addresses. */
function isBlock(service: string): boolean {
  return service.split('/').length === 2
}

function checkPorts(rule: EgressRule, report: Report): void {
  const block = isBlock(rule.spec.destination?.service ?? '')
  const seen = new Set<number>()
  for (const [index, { port, protocol }] of rule.spec.ports.entries()) {
    const at = ['spec', 'ports', index]
    if (report.isBroken(at)) continue
    const fault = faultOfPort(port)
    if (fault !== undefined) report.error([...at, 'port'], fault)
    if (seen.has(port)) report.error([...at, 'port'], `duplicate port: ${port}`)
    seen.add(port)
    if (!EGRESS_RULE_PROTOCOLS.some((known) => known === protocol.toUpperCase())) {
      const text = `egress rule support is available only for the following protocols: ${EGRESS_RULE_PROTOCOLS.join(', ')}, not ${JSON.stringify(protocol)}`
      report.error([...at, 'protocol'], text)
    } else if (block && protocolClass(protocol) === 'HTTP') {
      const text = `protocol ${JSON.stringify(protocol)} needs a domain: a CIDR destination takes TCP or MONGO only`
      report.error([...at, 'protocol'], text)
    }
  }
}
