import type { EgressRule } from './legacy/egress-rule.ts'
import { lossesOfConversion } from './legacy/egress-rule-conversion.ts'
import type { Sidecar } from './networking/sidecar.ts'
import type { Report } from './schema/report.ts'
import type { ServiceEntry } from './service-entry.ts'

/** Warns of parts of a valid service entry that have no effect in a sealed run: never a silent no-op. */
export function unappliedParts(entry: ServiceEntry, report: Report): void {
  const { hosts, resolution, workloadSelector, ports } = entry.spec
  for (const [index, host] of hosts.entries()) {
    if (!host.endsWith('.')) continue
    const text = `host "${host}" ends with a dot, which names in DNS questions and TLS do not have here: write "${host.slice(0, -1)}"`
    report.warn(['spec', 'hosts', index], text)
  }
  if (resolution === 'DYNAMIC_DNS') {
    report.warn(
      ['spec', 'resolution'],
      'resolution DYNAMIC_DNS is not applied by postern run yet: its hosts stay denied',
    )
  }
  if (workloadSelector !== undefined) {
    report.warn(
      ['spec', 'workloadSelector'],
      'workloadSelector is not applied by postern run yet: it selects no endpoints',
    )
  }
  for (const [index, port] of ports.entries()) {
    if (port.protocol.toLowerCase() !== 'udp') continue
    report.warn(
      ['spec', 'ports', index, 'protocol'],
      'protocol UDP is not carried by the sidecar: this port stays denied',
    )
  }
}

/** The same of an egress rule: what no service entry can stand for. */
export function unappliedPartsOfEgressRule(rule: EgressRule, report: Report): void {
  for (const { path, text, isLeftOut } of lossesOfConversion(rule)) if (isLeftOut) report.warn(path, text)
}

/** The same of a Sidecar: what its workloads can reach is applied, what they listen for is not. */
export function unappliedPartsOfSidecar({ spec }: Sidecar, report: Report): void {
  const say = (path: readonly (string | number)[], what: string) =>
    report.warn(['spec', ...path], `${what} is not applied yet`)
  if (spec.ingress.length > 0) say(['ingress'], 'ingress')
  if (spec.inboundConnectionPool !== undefined) say(['inboundConnectionPool'], 'inboundConnectionPool')
  if (spec.outboundTrafficPolicy?.egressProxy !== undefined)
    say(['outboundTrafficPolicy', 'egressProxy'], 'egressProxy')
  for (const [index, { bind, captureMode }] of spec.egress.entries()) {
    if (bind !== '') say(['egress', index, 'bind'], 'bind')
    if (captureMode === 'NONE') say(['egress', index, 'captureMode'], 'captureMode NONE')
  }
}
