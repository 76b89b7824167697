import { faultOfFqdn, faultOfWildcardDomain, isDnsLabel } from '#api/rules/domain-name.ts'
import { checkLabels } from '#api/rules/label-map.ts'
import { described, mapOf, message, string } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'

/** How the rules of Istio 0.2 to 0.8 name a service, or the workloads of one with some labels (spec 2.3). */
export interface IstioService {
  /** A short name; namespace and domain complete it. */
  readonly name: string
  readonly namespace: string
  readonly domain: string
  /** A whole name in place of the three, such as that of an egress rule. */
  readonly service: string
  readonly labels: Readonly<Record<string, string>>
}

export const decodeIstioService = message<IstioService>({
  name: described('Short name of the service.', string()),
  namespace: described('Namespace of the service; that of the rule unless given.', string()),
  domain: described('Domain of the mesh; cluster.local unless given.', string()),
  service: described('Whole name of the service, in place of the others.', string()),
  labels: described('Workloads of the service that are meant; all of them unless given.', mapOf(string())),
})

/** The host of a virtual service or destination rule: a name alone stays short, for the namespace of the rule completes it. */
export function hostOf({ name, namespace, domain, service }: IstioService): string {
  if (service !== '') return service
  if (namespace === '' && domain === '') return name
  return `${name}.${namespace === '' ? 'default' : namespace}.svc.${domain === '' ? 'cluster.local' : domain}`
}

/** The subset of a destination rule that stands for labels, such as `version-v1`; undefined for all workloads. */
export function subsetNameOf(labels: Readonly<Record<string, string>>): string | undefined {
  const keys = Object.keys(labels).sort()
  if (keys.length === 0) return undefined
  const text = keys.map((key) => `${key}-${labels[key]}`).join('-')
  return text.replace(/[^A-Za-z0-9-]/g, '-').replace(/^-+|-+$/g, '')
}

/** The rules about a name of a service. */
export function checkIstioService(service: IstioService, path: FieldPath, report: Report): void {
  if (service.name === '' && service.service === '') {
    report.fault(path, 'name or service must be set: no service is named')
  }
  if (service.service !== '') {
    for (const field of ['name', 'namespace', 'domain'] as const) {
      if (service[field] !== '') report.fault([...path, field], `${field} and service cannot both be set`)
    }
    report.fault([...path, 'service'], faultOfWildcardDomain(service.service))
  }
  for (const field of ['name', 'namespace'] as const) {
    const value = service[field]
    if (value !== '' && !isDnsLabel(value)) {
      report.fault([...path, field], `${field} ${JSON.stringify(value)} must be a valid label`)
    }
  }
  if (service.domain !== '') report.fault([...path, 'domain'], faultOfFqdn(service.domain))
  checkLabels(service.labels, [...path, 'labels'], report)
}
