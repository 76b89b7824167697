import { isIpAddress } from '#api/rules/address.ts'
import { faultOfWildcardDomain } from '#api/rules/domain-name.ts'
import { checkExportTo } from '#api/rules/export-to.ts'
import { checkGatewayNames } from '#api/rules/gateway-name.ts'
import { findOverlaps, HostSet } from '#api/rules/host-overlap.ts'
import type { Report } from '#api/schema/report.ts'
import { checkHttpRoute } from './http-route-rules.ts'
import { checkTcpRoute, checkTlsRoute } from './l4-route-rules.ts'
import { warnOfUnreachableRules } from './unreachable-rules.ts'
import { isGatewayOnly, type VirtualService, type VirtualServiceSpec } from './virtual-service.ts'

/** Istio's rules about a virtual service (spec 1.3, validation 1-20): every fault and warning there is. */
export function checkVirtualService(service: VirtualService, report: Report): void {
  const { spec, metadata } = service
  const { hosts, gateways, http, tls, tcp } = spec
  checkGatewayNames(gateways, ['spec', 'gateways'], report)
  if (hosts.length === 0) checkDelegate(spec, report)
  else checkHosts(spec, report)
  if (http.length + tls.length + tcp.length === 0) {
    report.fault(['spec'], 'http, tcp or tls must be provided in virtual service')
  }
  for (const [index, rule] of http.entries()) checkHttpRoute(rule, spec, ['spec', 'http', index], report)
  const served = { hosts, index: new HostSet(hosts), isGatewayOnly: isGatewayOnly(spec) }
  for (const [index, rule] of tls.entries()) checkTlsRoute(rule, served, ['spec', 'tls', index], report)
  for (const [index, rule] of tcp.entries()) checkTcpRoute(rule, ['spec', 'tcp', index], report)
  checkExportTo(spec.exportTo, metadata.namespace ?? 'default', ['spec', 'exportTo'], report)
  if (!report.hasErrors) warnOfUnreachableRules(spec, report)
}

/** Without hosts, another virtual service decides where the rules count. */
function checkDelegate(spec: VirtualServiceSpec, report: Report): void {
  const { gateways, tls, tcp } = spec
  if (report.isBroken(['spec', 'hosts'])) return
  if (gateways.length > 0) {
    report.fault(['spec', 'gateways'], 'delegate virtual service must have no gateways specified')
  }
  if (tls.length > 0) report.fault(['spec', 'tls'], 'delegate virtual service must have no tls route specified')
  if (tcp.length > 0) report.fault(['spec', 'tcp'], 'delegate virtual service must have no tcp route specified')
}

function checkHosts(spec: VirtualServiceSpec, report: Report): void {
  const isMeshBound = !isGatewayOnly(spec)
  let areValid = true
  for (const [index, host] of spec.hosts.entries()) {
    const fault =
      host === '*' && isMeshBound
        ? 'wildcard host * is not allowed for virtual services bound to the mesh gateway'
        : isIpAddress(host)
          ? undefined
          : faultOfWildcardDomain(host)
    report.fault(['spec', 'hosts', index], fault)
    areValid &&= fault === undefined
  }
  if (!areValid) return
  for (const { index, first, second } of findOverlaps(spec.hosts)) {
    report.fault(['spec', 'hosts', index], `duplicate hosts in virtual service: ${first} & ${second}`)
  }
}
