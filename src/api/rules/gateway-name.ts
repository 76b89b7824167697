import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { faultOfFqdn, isDnsLabel } from './domain-name.ts'

/**
 * Gateways that a virtual service names (spec 1.3, validation 2): `mesh`, `NAMESPACE/NAME`, or a bare name. Names after the first bare one
 * stay unchecked, as in Istio: what it accepts is accepted here.
 */
export function checkGatewayNames(names: readonly string[], path: FieldPath, report: Report): void {
  for (const [index, name] of names.entries()) {
    const at = [...path, index]
    const slash = name.indexOf('/')
    if (slash < 0) {
      const [gateway, namespace] = name.split('.')
      if (namespace !== undefined) {
        const better = JSON.stringify(`${namespace}/${gateway}`)
        const text = `using legacy gatewayName format ${JSON.stringify(name)}; prefer the <namespace>/<name> format: ${better}`
        report.fault(at, text, 'warning')
      }
      report.fault(at, faultOfFqdn(name))
      return
    }
    report.fault(at, faultOfQualifiedName(name.slice(0, slash), name.slice(slash + 1)))
  }
}

function faultOfQualifiedName(namespace: string, name: string): string | undefined {
  if (namespace === '' || name === '') return 'config namespace and gateway name cannot be empty'
  if (!isDnsLabel(namespace)) return `invalid value for namespace: ${JSON.stringify(namespace)}`
  return isDnsLabel(name) ? undefined : `invalid value for gateway name: ${JSON.stringify(name)}`
}
