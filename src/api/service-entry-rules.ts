import { faultOfIpSubnet, isIpAddress } from './rules/address.ts'
import { faultOfFqdn, faultOfPartialWildcard, faultOfWildcardDomain } from './rules/domain-name.ts'
import { checkServiceEntryExportTo } from './rules/export-to.ts'
import { checkLabels, checkSelector } from './rules/label-map.ts'
import { faultOfPort, faultOfPortName, faultOfProtocol, isHttpClass, isTcpClass, isTlsClass } from './rules/port.ts'
import type { Report } from './schema/report.ts'
import type { ServiceEntry, ServiceEntrySpec } from './service-entry.ts'
import { checkEndpointPorts, checkStaticEndpoint } from './workload-entry-rules.ts'

/**
 * Istio's rules about a service entry (spec 1.1, validation 1-11), all of them, so that every fault is told at once. Values whose type is
 * already wrong are left out: the defaults that stand in for them would break rules that their writer did not.
 */
export function checkServiceEntry(entry: ServiceEntry, report: Report): void {
  const { spec } = entry
  checkWorkloadSelector(spec, report)
  checkHosts(spec, report)
  checkAddresses(spec, report)
  checkPorts(entry, report)
  if (!report.isBroken(['spec', 'resolution'])) {
    checkResolution(entry, report)
    checkHostsCanBeTold(spec, report)
  }
  checkServiceEntryExportTo(spec.exportTo, entry.metadata.namespace ?? 'default', ['spec', 'exportTo'], report)
}

function checkWorkloadSelector(spec: ServiceEntrySpec, report: Report): void {
  if (spec.workloadSelector === undefined) return
  const path = ['spec', 'workloadSelector']
  checkSelector(spec.workloadSelector.labels, 'service entry', [...path, 'labels'], report)
  if (spec.endpoints.length > 0)
    report.error(path, 'only one of WorkloadSelector or Endpoints is allowed in Service Entry')
}

function checkHosts(spec: ServiceEntrySpec, report: Report): void {
  const path = ['spec', 'hosts']
  if (spec.hosts.length === 0) report.fault(path, 'service entry must have at least one host')
  for (const [index, host] of spec.hosts.entries()) {
    const at = [...path, index]
    if (host === '*') report.error(at, 'invalid host *')
    else {
      report.fault(at, faultOfWildcardDomain(host))
      const partial = faultOfPartialWildcard(host)
      if (partial !== undefined && spec.resolution !== 'DYNAMIC_DNS') report.warn(at, partial)
    }
  }
}

function checkAddresses(spec: ServiceEntrySpec, report: Report): void {
  for (const [index, address] of spec.addresses.entries()) {
    const at = ['spec', 'addresses', index]
    report.fault(at, faultOfIpSubnet(address))
    const blocksAllowed = spec.resolution === 'NONE' || spec.resolution === 'STATIC'
    if (address.includes('/') && !blocksAllowed) {
      report.error(at, 'CIDR addresses are allowed only for NONE/STATIC resolution types')
    }
  }
}

function checkPorts(entry: ServiceEntry, report: Report): void {
  const { ports, addresses } = entry.spec
  const names = new Set<string>()
  const numbers = new Set<number>()
  const addressNeeded = addresses.length === 0 && !isAllocatedAnAddress(entry)
  for (const [index, port] of ports.entries()) {
    const at = ['spec', 'ports', index]
    report.fault([...at, 'number'], faultOfPort(port.number))
    report.fault([...at, 'name'], faultOfPortName(port.name))
    report.fault([...at, 'protocol'], faultOfProtocol(port.protocol))
    if (port.targetPort !== 0) report.fault([...at, 'targetPort'], faultOfPort(port.targetPort))
    if (names.has(port.name)) {
      report.fault([...at, 'name'], `service entry port name ${JSON.stringify(port.name)} already defined`)
    }
    if (numbers.has(port.number)) {
      report.fault([...at, 'number'], `service entry port ${port.number} already defined`)
    }
    names.add(port.name)
    numbers.add(port.number)
    if (addressNeeded && (port.protocol === '' || port.protocol === 'TCP') && !report.isBroken([...at, 'protocol'])) {
      report.warn([...at, 'protocol'], ADDRESS_NEEDED)
    }
  }
}

const ADDRESS_NEEDED =
  'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled'

/** Whether the mesh gives the hosts of an entry without addresses one of its own (spec 3.13). */
function isAllocatedAnAddress(entry: ServiceEntry): boolean {
  const label = entry.metadata.labels?.['networking.istio.io/enable-autoallocate-ip']
  return entry.spec.resolution !== 'NONE' && label?.toLowerCase() !== 'false'
}

function checkResolution(entry: ServiceEntry, report: Report): void {
  switch (entry.spec.resolution) {
    case 'NONE':
      checkNone(entry.spec, report)
      break
    case 'STATIC':
      checkStatic(entry.spec, report)
      break
    case 'DNS':
    case 'DNS_ROUND_ROBIN':
      checkDns(entry.spec, report)
      break
    case 'DYNAMIC_DNS':
      checkDynamicDns(entry, report)
  }
}

function checkNone(spec: ServiceEntrySpec, report: Report): void {
  if (spec.endpoints.length > 0) {
    report.error(['spec', 'endpoints'], 'no endpoints should be provided for resolution type none')
  }
  warnOfSelector(spec, report)
}

function warnOfSelector(spec: ServiceEntrySpec, report: Report): void {
  if (spec.workloadSelector === undefined || report.isBroken(['spec', 'workloadSelector'])) return
  report.warn(
    ['spec', 'workloadSelector'],
    `workloadSelector should not be set when resolution mode is ${spec.resolution}`,
  )
}

function checkStatic(spec: ServiceEntrySpec, report: Report): void {
  const servicePorts = spec.ports.map((port) => port.name)
  for (const [index, endpoint] of spec.endpoints.entries()) {
    const at = ['spec', 'endpoints', index]
    checkStaticEndpoint(endpoint, servicePorts, at, report)
  }
}

function checkDns(spec: ServiceEntrySpec, report: Report): void {
  const { resolution, hosts, endpoints } = spec
  if (endpoints.length === 0) {
    for (const [index, host] of hosts.entries()) {
      if (faultOfFqdn(host) === undefined) continue
      const text = `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}`
      report.fault(['spec', 'hosts', index], text)
    }
  }
  const servicePorts = spec.ports.map((port) => port.name)
  for (const [index, endpoint] of endpoints.entries()) {
    const at = ['spec', 'endpoints', index]
    if (!isIpAddress(endpoint.address) && faultOfFqdn(endpoint.address) !== undefined) {
      const text = `endpoint address ${JSON.stringify(endpoint.address)} is not a valid FQDN or an IP address`
      report.fault([...at, 'address'], text)
    }
    checkLabels(endpoint.labels, [...at, 'labels'], report)
    checkEndpointPorts(endpoint, servicePorts, at, report)
  }
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
    report.error(['spec', 'endpoints'], `there must only be 0 or 1 endpoint for resolution mode ${resolution}`)
  }
  warnOfSelector(spec, report)
  if (spec.addresses.length > 0 && hosts.length > 1 && spec.ports.some((port) => isTcpClass(port.protocol))) {
    report.warn(
      ['spec', 'hosts'],
      'service entry can not have more than one host specified simultaneously with address and tcp port',
    )
  }
}

const DYNAMIC_DNS_PROTOCOLS: readonly string[] = ['http', 'http2', 'grpc', 'tls']

function checkDynamicDns(entry: ServiceEntry, report: Report): void {
  const { spec, metadata } = entry
  for (const [index, host] of spec.hosts.entries()) {
    if (!host.startsWith('*')) {
      report.error(
        ['spec', 'hosts', index],
        `host ${JSON.stringify(host)} must be a wildcard for resolution mode DYNAMIC_DNS`,
      )
    }
  }
  if (spec.addresses.length > 0) {
    report.error(['spec', 'addresses'], 'addresses are not allowed for resolution mode DYNAMIC_DNS')
  }
  if (spec.endpoints.length > 0) {
    report.error(['spec', 'endpoints'], 'endpoints are not allowed for resolution mode DYNAMIC_DNS')
  }
  for (const [index, port] of spec.ports.entries()) {
    if (DYNAMIC_DNS_PROTOCOLS.includes(port.protocol.toLowerCase())) continue
    const text = `protocol ${JSON.stringify(port.protocol)} is not one of HTTP, HTTP2, GRPC, TLS, as resolution mode DYNAMIC_DNS needs`
    report.fault(['spec', 'ports', index, 'protocol'], text)
  }
  const waypoint = metadata.labels?.['istio.io/use-waypoint']
  if (spec.location === 'MESH_INTERNAL' && waypoint !== undefined && waypoint !== 'none') {
    report.error(
      ['spec', 'location'],
      'MESH_INTERNAL with the label istio.io/use-waypoint is not allowed for resolution mode DYNAMIC_DNS',
    )
  }
}

/** Several hosts can share a port only where each connection names its host, in a Host header or an SNI. */
function checkHostsCanBeTold(spec: ServiceEntrySpec, report: Report): void {
  if (spec.resolution === 'NONE' || spec.hosts.length < 2) return
  const index = spec.ports.findIndex((port) => !isHttpClass(port.protocol) && !isTlsClass(port.protocol))
  if (index < 0) return
  report.error(['spec', 'ports', index, 'protocol'], 'multiple hosts provided with non-HTTP, non-TLS ports')
}
