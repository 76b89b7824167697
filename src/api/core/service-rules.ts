import type { JsonObject } from '#api/kind.ts'
import { isIpAddress } from '#api/rules/address.ts'
import { faultOfFqdn } from '#api/rules/domain-name.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import {
  checkName,
  duplicate,
  faultOfChoice,
  faultOfLabel,
  faultOfPortName,
  faultOfPortNumber,
  faultOfServiceName,
  invalid,
} from './faults.ts'
import { listAt, mapAt, numberAt, textAt, textsAt } from './object-fields.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

/** The rules of the Kubernetes API about a Service. */
export function checkService(service: JsonObject, report: Report): void {
  checkName(service, faultOfServiceName, report)
  const spec = mapAt(service, 'spec')
  const type = textAt(spec, 'type') || 'ClusterIP'
  report.fault(['spec', 'type'], faultOfChoice(type, TYPES))
  const headless = textAt(spec, 'clusterIP') === 'None'
  if (listAt(spec, 'ports').length === 0 && !headless && type !== 'ExternalName') {
    report.fault(['spec', 'ports'], 'Required value')
  }
  checkPorts(spec, report)
  checkAddresses(spec, type, report)
  if (type === 'ExternalName') checkExternalName(spec, report)
  const affinity = textAt(spec, 'sessionAffinity')
  if (affinity !== '') report.fault(['spec', 'sessionAffinity'], faultOfChoice(affinity, ['ClientIP', 'None']))
}

function checkPorts(spec: JsonObject, report: Report): void {
  const ports = listAt(spec, 'ports')
  const names = new Set<string>()
  const numbers = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = ['spec', 'ports', index]
    const name = textAt(port, 'name')
    const number = numberAt(port, 'port')
    const protocol = textAt(port, 'protocol') || 'TCP'
    if (name !== '') report.fault([...at, 'name'], names.has(name) ? duplicate(name) : faultOfLabel(name))
    else if (ports.length > 1) report.fault([...at, 'name'], 'Required value')
    names.add(name)
    report.fault([...at, 'port'], faultOfPortNumber(number))
    report.fault([...at, 'protocol'], faultOfChoice(protocol, ['SCTP', 'TCP', 'UDP']))
    if (numbers.has(`${number}/${protocol}`)) report.fault(at, duplicate({ port: number, protocol }))
    numbers.add(`${number}/${protocol}`)
    checkTargetPort(port.targetPort, [...at, 'targetPort'], report)
  }
}

function checkTargetPort(target: unknown, path: FieldPath, report: Report): void {
  if (typeof target === 'number') report.fault(path, faultOfPortNumber(target))
  if (typeof target === 'string') report.fault(path, faultOfPortName(target))
}

function checkAddresses(spec: JsonObject, type: string, report: Report): void {
  const [address, addresses] = [textAt(spec, 'clusterIP'), textsAt(spec, 'clusterIPs')]
  if (type === 'ExternalName') {
    if (address !== '') report.fault(['spec', 'clusterIPs'], 'Forbidden: may not be set for ExternalName services')
    return
  }
  if (address !== '' && address !== 'None' && !isIpAddress(address)) {
    report.fault(
      ['spec', 'clusterIPs', 0],
      invalid(address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    )
  }
  if (address === 'None' && type !== 'ClusterIP') {
    const text = invalid('None', `may not be set to 'None' for ${type} services`)
    report.fault(['spec', 'clusterIPs', 0], text)
  }
  if (address !== '' && addresses.length > 0 && addresses[0] !== address) {
    report.fault(['spec', 'clusterIPs'], invalid(addresses, 'first value must match `clusterIP`'))
  }
  for (const [index, external] of textsAt(spec, 'externalIPs').entries()) {
    if (isIpAddress(external)) continue
    report.fault(['spec', 'externalIPs', index], invalid(external, 'must be a valid IP address'))
  }
}

function checkExternalName(spec: JsonObject, report: Report): void {
  const at = ['spec', 'externalName']
  const name = textAt(spec, 'externalName').replace(/\.$/, '')
  if (name === '') report.fault(at, 'Required value')
  else if (faultOfFqdn(name) !== undefined || name !== name.toLowerCase()) {
    report.fault(at, invalid(name, 'a lowercase RFC 1123 subdomain is needed'))
  }
}
