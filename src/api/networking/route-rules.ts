import { isDnsLabel } from '#api/rules/domain-name.ts'
import { checkGatewayNames } from '#api/rules/gateway-name.ts'
import { checkLabels } from '#api/rules/label-map.ts'
import { faultOfPort } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { checkDestination } from './destination.ts'
import type { RouteDestination, SourceMatch } from './virtual-service.ts'

/** Istio's rules that routes of HTTP, TLS and TCP share (spec 1.3, validation 7, 16). */

export function checkSourceMatch(match: SourceMatch, path: FieldPath, report: Report): void {
  // In protobuf 0 is a port that is not given: Istio checks none then.
  if (match.port !== undefined && match.port !== 0) report.fault([...path, 'port'], faultOfPort(match.port))
  checkLabels(match.sourceLabels, [...path, 'sourceLabels'], report)
  checkGatewayNames(match.gateways, [...path, 'gateways'], report)
  if (match.sourceNamespace !== '' && !isDnsLabel(match.sourceNamespace)) {
    const text = `sourceNamespace match ${JSON.stringify(match.sourceNamespace)} is invalid: it is not a DNS label`
    report.fault([...path, 'sourceNamespace'], text)
  }
}

export function checkDestinations(routes: readonly RouteDestination[], path: FieldPath, report: Report): void {
  let total = 0
  for (const [index, { destination, weight }] of routes.entries()) {
    const at = [...path, index]
    if (destination === undefined) report.fault([...at, 'destination'], 'destination is required')
    else checkDestination(destination, [...at, 'destination'], report)
    if (weight < 0) report.fault([...at, 'weight'], `weight ${weight} < 0`)
    total += weight
  }
  if (routes.length > 1 && total === 0) report.fault(path, 'total destination weight = 0')
}
