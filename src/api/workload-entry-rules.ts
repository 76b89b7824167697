import type { FieldPath } from '#kube/field-path.ts'
import { faultOfUnixAddress, isIpAddress, UNIX_PREFIX } from './rules/address.ts'
import { faultOfFqdn } from './rules/domain-name.ts'
import { checkLabels } from './rules/label-map.ts'
import { faultOfPort, faultOfPortName } from './rules/port.ts'
import type { Report } from './schema/report.ts'
import type { WorkloadEntrySpec } from './service-entry.ts'

/** A workload of its own (spec 1.2): an IP address, a domain name or a Unix socket. */
export function checkWorkloadEntry(entry: WorkloadEntrySpec, path: FieldPath, report: Report): void {
  const { address, network, ports } = entry
  const at = [...path, 'address']
  if (address === '') {
    if (network === '') report.fault(at, 'address is required')
    else report.fault(at, `address is unset with network ${JSON.stringify(network)}`, 'warning')
  } else if (address.startsWith(UNIX_PREFIX)) {
    report.fault(at, faultOfUnixAddress(address.slice(UNIX_PREFIX.length)))
    if (Object.keys(ports).length > 0) {
      report.fault([...path, 'ports'], `unix endpoint ${address} must not include ports`)
    }
  } else if (!isIpAddress(address) && faultOfFqdn(address) !== undefined) {
    report.fault(at, `endpoint address ${JSON.stringify(address)} is not a valid FQDN or an IP address`)
  }
  for (const [name, port] of Object.entries(ports)) {
    report.fault([...path, 'ports', name], faultOfPortName(name))
    report.fault([...path, 'ports', name], faultOfPort(port))
  }
  checkLabels(entry.labels, [...path, 'labels'], report)
}

/** An endpoint of a service entry with resolution STATIC (spec 1.1 rule 7, 1.2): an IP address or a Unix socket, never a name. */
export function checkStaticEndpoint(
  endpoint: WorkloadEntrySpec,
  servicePorts: readonly string[],
  path: FieldPath,
  report: Report,
): void {
  const { address, network } = endpoint
  const at = [...path, 'address']
  if (report.isBroken(at) || report.isBroken([...path, 'network'])) return
  if (address === '' && network === '') {
    report.error(at, 'address is required')
    return
  }
  if (address === '') report.warn(at, `address is unset with network ${JSON.stringify(network)}`)
  else if (address.startsWith(UNIX_PREFIX)) checkUnixEndpoint(endpoint, servicePorts, path, report)
  else if (!isIpAddress(address))
    report.error(at, `endpoint address ${JSON.stringify(address)} is not a valid IP address`)
  checkEndpointPorts(endpoint, servicePorts, path, report)
  checkLabels(endpoint.labels, [...path, 'labels'], report)
}

function checkUnixEndpoint(
  endpoint: WorkloadEntrySpec,
  servicePorts: readonly string[],
  path: FieldPath,
  report: Report,
): void {
  const { address, ports } = endpoint
  const fault = faultOfUnixAddress(address.slice(UNIX_PREFIX.length))
  if (fault !== undefined) report.error([...path, 'address'], fault)
  if (Object.keys(ports).length > 0) report.error([...path, 'ports'], `unix endpoint ${address} must not include ports`)
  if (new Set(servicePorts).size !== 1)
    report.error(['spec', 'ports'], 'exactly 1 service port required for unix endpoints')
}

/** Ports of an endpoint go by the names of the service entry's ports. */
export function checkEndpointPorts(
  endpoint: WorkloadEntrySpec,
  servicePorts: readonly string[],
  path: FieldPath,
  report: Report,
): void {
  for (const [name, port] of Object.entries(endpoint.ports)) {
    const at = [...path, 'ports', name]
    if (report.isBroken(at)) continue
    if (!servicePorts.includes(name)) {
      report.error(
        at,
        `endpoint port ${port} is not defined by the service entry: it has no port named ${JSON.stringify(name)}`,
      )
    }
    for (const fault of [faultOfPortName(name), faultOfPort(port)]) {
      if (fault !== undefined) report.error(at, fault)
    }
  }
}
