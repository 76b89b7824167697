import { isIpAddress } from '#api/rules/address.ts'
import { faultOfFqdn, faultOfWildcardDomain, isDnsLabel } from '#api/rules/domain-name.ts'
import { checkExportTo } from '#api/rules/export-to.ts'
import { checkLabels, checkSelector } from '#api/rules/label-map.ts'
import { faultOfPercent } from '#api/rules/percentage.ts'
import { faultOfPort } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { checkClientTls } from './client-tls.ts'
import { checkConnectionPool } from './connection-pool.ts'
import type { DestinationRule, OutlierDetection, PortPolicy, TrafficPolicy, Tunnel } from './destination-rule.ts'
import { checkLoadBalancer } from './load-balancer-rules.ts'

/** Istio's rules about a destination rule (spec 1.4, validation 1-10): every fault and warning there is. */
export function checkDestinationRule(rule: DestinationRule, report: Report): void {
  const { spec, metadata } = rule
  const namespace = metadata.namespace ?? 'default'
  report.fault(['spec', 'host'], faultOfWildcardDomain(spec.host))
  if (spec.trafficPolicy !== undefined) {
    checkTrafficPolicy(spec.trafficPolicy, namespace, ['spec', 'trafficPolicy'], report)
  }
  checkSubsets(rule, namespace, report)
  checkExportTo(spec.exportTo, namespace, ['spec', 'exportTo'], report)
  if (spec.workloadSelector === undefined) return
  const path = ['spec', 'workloadSelector', 'matchLabels']
  checkSelector(spec.workloadSelector.matchLabels, 'destination rule', path, report)
  checkOwnNamespaceOnly(spec.exportTo, namespace, report)
}

/** A rule for some clients only cannot reach beyond them. */
function checkOwnNamespaceOnly(exportTo: readonly string[], namespace: string, report: Report): void {
  const path = ['spec', 'exportTo']
  if (exportTo.length > 1) report.fault(path, 'cannot have multiple entries in exportTo')
  if (exportTo.some((entry) => entry !== '.' && entry !== namespace)) {
    report.fault(path, 'cannot have exportTo beyond current namespace')
  }
}

function checkSubsets(rule: DestinationRule, namespace: string, report: Report): void {
  const names = new Set<string>()
  for (const [index, subset] of rule.spec.subsets.entries()) {
    const at = ['spec', 'subsets', index]
    if (!isDnsLabel(subset.name)) report.fault([...at, 'name'], `subset name is invalid: ${subset.name}`)
    else if (names.has(subset.name)) report.fault([...at, 'name'], `duplicate subset names: ${subset.name}`)
    names.add(subset.name)
    checkLabels(subset.labels, [...at, 'labels'], report)
    if (subset.trafficPolicy !== undefined) {
      checkTrafficPolicy(subset.trafficPolicy, namespace, [...at, 'trafficPolicy'], report)
    }
  }
}

function checkTrafficPolicy(policy: TrafficPolicy, namespace: string, path: FieldPath, report: Report): void {
  const { portLevelSettings, tunnel, proxyProtocol, retryBudget } = policy
  const others = [tunnel, proxyProtocol, retryBudget].some((field) => field !== undefined)
  if (isEmpty(policy) && portLevelSettings.length === 0 && !others) {
    report.fault(path, 'traffic policy must have at least one field')
  }
  if (tunnel !== undefined && proxyProtocol !== undefined) {
    report.fault([...path, 'proxyProtocol'], 'tunnel and proxyProtocol must not be set together')
  }
  checkPortPolicy(policy, namespace, path, report)
  for (const [index, settings] of portLevelSettings.entries()) {
    const at = [...path, 'portLevelSettings', index]
    if (settings.port === undefined) report.fault([...at, 'port'], 'portTrafficPolicy must have valid port')
    else report.fault([...at, 'port', 'number'], faultOfPort(settings.port))
    if (isEmpty(settings)) report.fault(at, 'port traffic policy must have at least one field')
    checkPortPolicy(settings, namespace, at, report)
  }
  if (tunnel !== undefined) checkTunnel(tunnel, [...path, 'tunnel'], report)
  if (retryBudget?.percent !== undefined) {
    report.fault([...path, 'retryBudget', 'percent'], faultOfPercent(retryBudget.percent))
  }
}

function isEmpty(policy: PortPolicy): boolean {
  const { loadBalancer, connectionPool, outlierDetection, tls } = policy
  return [loadBalancer, connectionPool, outlierDetection, tls].every((field) => field === undefined)
}

function checkPortPolicy(policy: PortPolicy, namespace: string, path: FieldPath, report: Report): void {
  const { loadBalancer, connectionPool, outlierDetection, tls } = policy
  if (loadBalancer !== undefined) {
    checkLoadBalancer(loadBalancer, outlierDetection !== undefined, [...path, 'loadBalancer'], report)
  }
  if (connectionPool !== undefined) checkConnectionPool(connectionPool, [...path, 'connectionPool'], report)
  if (outlierDetection !== undefined) checkOutlierDetection(outlierDetection, [...path, 'outlierDetection'], report)
  if (tls !== undefined) checkClientTls(tls, namespace, [...path, 'tls'], report)
}

function checkOutlierDetection(outlier: OutlierDetection, path: FieldPath, report: Report): void {
  if (outlier.consecutiveErrors !== 0) {
    const text =
      'outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors'
    report.fault([...path, 'consecutiveErrors'], text, 'warning')
  }
  if ((outlier.consecutiveLocalOriginFailures ?? 0) > 0 && !outlier.splitExternalLocalOriginErrors) {
    const text =
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false'
    report.fault([...path, 'consecutiveLocalOriginFailures'], text)
  }
  for (const field of ['maxEjectionPercent', 'minHealthPercent'] as const) {
    report.fault([...path, field], faultOfPercent(outlier[field]))
  }
  for (const [index, code] of outlier.outlierDetectionHttpErrorCodes.entries()) {
    if (code >= 100 && code <= 599) continue
    const text = `HTTP error code ${code} must be in the range 100..599`
    report.fault([...path, 'outlierDetectionHttpErrorCodes', index], text)
  }
}

function checkTunnel(tunnel: Tunnel, path: FieldPath, report: Report): void {
  const { protocol, targetHost, targetPort } = tunnel
  if (!['', 'CONNECT', 'POST'].includes(protocol)) {
    report.fault([...path, 'protocol'], `tunnel protocol must be "CONNECT" or "POST", not ${JSON.stringify(protocol)}`)
  }
  if (!isIpAddress(targetHost) && faultOfFqdn(targetHost) !== undefined) {
    report.fault(
      [...path, 'targetHost'],
      `tunnel target host ${JSON.stringify(targetHost)} is not a valid FQDN or an IP address`,
    )
  }
  report.fault([...path, 'targetPort'], faultOfPort(targetPort))
}
