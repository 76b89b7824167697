import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { isIpAddress } from './address.ts'
import { faultOfPartialWildcard, faultOfWildcardDomain, isDnsLabel } from './domain-name.ts'

/** Rules about `NAMESPACE/HOST`, by which gateways and sidecars name hosts (spec 1.5, 1.6). */

/** A host of a gateway's server: the namespace may be left out, and the host may be an address. */
export function checkGatewayHost(host: string, path: FieldPath, report: Report): void {
  const parts = partsOf(host)
  if (parts === undefined) checkDnsName(host, true, path, report)
  else checkParts(parts, 'gateway', path, report)
}

/** A host that a sidecar imports: `~` names no namespace, `~NAMESPACE` all others. */
export function checkEgressHost(host: string, path: FieldPath, report: Report): void {
  const parts = partsOf(host)
  if (parts === undefined) report.fault(path, 'host must be of form namespace/dnsName')
  else checkParts(parts, 'sidecar', path, report)
}

type Parts = readonly [namespace: string, name: string]

function partsOf(host: string): Parts | undefined {
  const slash = host.indexOf('/')
  return slash < 0 ? undefined : [host.slice(0, slash), host.slice(slash + 1)]
}

function checkParts([namespace, name]: Parts, owner: 'gateway' | 'sidecar', path: FieldPath, report: Report): void {
  if (namespace === '' || name === '') {
    report.fault(path, 'config namespace and dnsName in host entry cannot be empty')
    return
  }
  const label = owner === 'sidecar' && namespace.startsWith('~') ? namespace.slice(1) : namespace
  const isNone = owner === 'sidecar' && namespace === '~'
  if (!isNone && label !== '*' && label !== '.' && !isDnsLabel(label)) {
    report.fault(path, `invalid namespace value ${JSON.stringify(namespace)} in ${owner}`)
  }
  checkDnsName(name, owner === 'gateway', path, report)
}

function checkDnsName(name: string, mayBeAddress: boolean, path: FieldPath, report: Report): void {
  if (name !== '*' && !name.includes('.')) {
    report.fault(path, `short names (non FQDN) are not allowed: ${JSON.stringify(name)}`)
  }
  if (!(mayBeAddress && isIpAddress(name))) report.fault(path, faultOfWildcardDomain(name))
  report.fault(path, faultOfPartialWildcard(name))
}
