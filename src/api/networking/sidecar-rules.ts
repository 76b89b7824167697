import { faultOfUnixAddress, isIpAddress, UNIX_PREFIX } from '#api/rules/address.ts'
import { faultOfFqdn, isDnsLabel } from '#api/rules/domain-name.ts'
import { checkSelector } from '#api/rules/label-map.ts'
import { checkEgressHost } from '#api/rules/namespaced-host.ts'
import { faultOfPort, faultOfPortName, faultOfProtocol } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { checkConnectionPool } from './connection-pool.ts'
import type { ServerPort } from './gateway.ts'
import type { EgressListener, Sidecar, SidecarOutboundPolicy, SidecarSpec } from './sidecar.ts'
import { checkIngress } from './sidecar-ingress-rules.ts'

/** Istio's rules about a sidecar (spec 1.6): every fault and warning there is. */
export function checkSidecar({ spec }: Sidecar, report: Report): void {
  const { workloadSelector, ingress, egress, outboundTrafficPolicy, inboundConnectionPool } = spec
  if (workloadSelector !== undefined) {
    checkSelector(workloadSelector.labels, 'sidecar', ['spec', 'workloadSelector', 'labels'], report)
  }
  if (saysNothing(spec)) report.fault(['spec'], 'sidecar: empty configuration provided')
  checkIngress(ingress, report)
  checkEgress(egress, report)
  if (outboundTrafficPolicy !== undefined) checkOutboundPolicy(outboundTrafficPolicy, report)
  if (inboundConnectionPool !== undefined) {
    checkConnectionPool(inboundConnectionPool, ['spec', 'inboundConnectionPool'], report)
  }
}

/** A selector alone says whom nothing is for. */
function saysNothing(spec: SidecarSpec): boolean {
  const { ingress, egress, outboundTrafficPolicy, inboundConnectionPool } = spec
  const listeners = ingress.length + egress.length
  return listeners === 0 && outboundTrafficPolicy === undefined && inboundConnectionPool === undefined
}

function checkEgress(egress: readonly EgressListener[], report: Report): void {
  const numbers = new Set<number>()
  const sockets = new Set<string>()
  for (const [index, listener] of egress.entries()) {
    const at = ['spec', 'egress', index]
    checkHosts(listener.hosts, [...at, 'hosts'], report)
    if (listener.port === undefined) {
      if (index === egress.length - 1) continue
      report.fault(
        [...at, 'port'],
        'sidecar: the egress listener with empty port should be the last listener in the list',
      )
      continue
    }
    checkEgressPort(listener, listener.port, at, report)
    if (listener.bind.startsWith(UNIX_PREFIX)) {
      if (sockets.has(listener.bind)) {
        report.fault([...at, 'bind'], 'sidecar: unix domain socket paths for listeners must be unique')
      }
      sockets.add(listener.bind)
    } else {
      if (numbers.has(listener.port.number)) {
        report.fault([...at, 'port', 'number'], 'sidecar: ports on IP bound listeners must be unique')
      }
      numbers.add(listener.port.number)
    }
  }
}

function checkEgressPort(listener: EgressListener, port: ServerPort, path: FieldPath, report: Report): void {
  const { bind, captureMode } = listener
  const isUnix = bind.startsWith(UNIX_PREFIX)
  report.fault([...path, 'port', 'protocol'], faultOfProtocol(port.protocol))
  report.fault([...path, 'port', 'name'], port.name === '' ? undefined : faultOfPortName(port.name))
  if (port.number !== 0) {
    report.fault([...path, 'port', 'number'], faultOfPort(port.number))
    if (isUnix) report.fault([...path, 'bind'], `${bind} is not a valid IP: a unix domain socket has port 0`)
  } else if (!isUnix) {
    report.fault([...path, 'port', 'number'], 'sidecar: bind must be set to a unix domain socket when port is 0')
  }
  if (isUnix) {
    report.fault([...path, 'bind'], faultOfUnixAddress(bind.slice(UNIX_PREFIX.length)))
    if (captureMode === 'IPTABLES') {
      report.fault(
        [...path, 'captureMode'],
        'sidecar: captureMode must be DEFAULT/NONE for unix domain socket listeners',
      )
    }
  } else if (bind !== '' && !isIpAddress(bind)) {
    report.fault([...path, 'bind'], `${bind} is not a valid IP`)
  }
}

function checkHosts(hosts: readonly string[], path: FieldPath, report: Report): void {
  if (hosts.length === 0) report.fault(path, 'sidecar: egress listener must contain at least one host')
  const seen = new Set<string>()
  for (const [index, host] of hosts.entries()) {
    checkEgressHost(host, [...path, index], report)
    if (seen.has(host)) report.fault([...path, index], `duplicated egress host: ${host}`, 'warning')
    seen.add(host)
  }
  const imports = hosts.filter((host) => !host.startsWith('~'))
  if (seen.has('*/*') && imports.length > 1) {
    report.fault(path, '`*/*` host includes all hosts: the other hosts in the list have no effect', 'warning')
  }
}

function checkOutboundPolicy({ mode, egressProxy }: SidecarOutboundPolicy, report: Report): void {
  const path = ['spec', 'outboundTrafficPolicy']
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    report.fault([...path, 'mode'], 'sidecar: mode ALLOW_ANY_DYNAMIC_DNS is not supported in a Sidecar')
  }
  if (egressProxy === undefined) return
  const at = [...path, 'egressProxy']
  if (mode !== 'ALLOW_ANY' && !report.isBroken([...path, 'mode'])) {
    report.fault(at, 'sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode')
  }
  report.fault([...at, 'host'], faultOfFqdn(egressProxy.host))
  if (egressProxy.port === undefined) report.fault([...at, 'port'], 'sidecar: egress_proxy port must be set')
  else report.fault([...at, 'port', 'number'], faultOfPort(egressProxy.port))
  const { subset } = egressProxy
  if (subset !== '' && !isDnsLabel(subset)) report.fault([...at, 'subset'], `subset name is invalid: ${subset}`)
}
