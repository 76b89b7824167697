import { at, listAt, mapAt, numberAt, stringsAt, textAt } from './json.ts'
import type { Subject } from './subject.ts'

/** A port of a service. */
export interface AnalysisPort {
  readonly number: number
  readonly name: string
  readonly protocol: string
}

/** A host that the mesh knows: of a Kubernetes Service, or one host of a ServiceEntry. */
export interface AnalysisService {
  /** Lower case; may begin with a wildcard when it is of a ServiceEntry. */
  readonly host: string
  readonly namespace: string
  /** "*" for everyone, else names of namespaces. */
  readonly exportTo: readonly string[]
  readonly ports: readonly AnalysisPort[]
  readonly subject: Subject
}

/** The services of a Service or ServiceEntry; none for other kinds. */
export function servicesOf(subject: Subject, domain: string): readonly AnalysisService[] {
  const { namespace, name } = subject
  if (subject.kind === 'Service' && subject.group === '') {
    const host = `${name}.${namespace}.svc.${domain}`.toLowerCase()
    const annotation = textAt(subject.object, 'metadata', 'annotations', 'networking.istio.io/exportTo')
    const exportTo = visibility(
      annotation
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
      namespace,
    )
    return [{ host, namespace, exportTo, ports: servicePorts(subject), subject }]
  }
  if (subject.kind !== 'ServiceEntry') return []
  const exportTo = visibility(stringsAt(subject.spec, 'exportTo'), namespace)
  const ports = entryPorts(subject)
  return stringsAt(subject.spec, 'hosts').map((host) => ({
    host: host.toLowerCase(),
    namespace,
    exportTo,
    ports,
    subject,
  }))
}

/** exportTo as namespaces: "." is the own one, nothing at all is everyone. */
export function visibility(exportTo: readonly string[], namespace: string): readonly string[] {
  return exportTo.length === 0 ? ['*'] : exportTo.map((one) => (one === '.' ? namespace : one))
}

/** Whether something exported to these namespaces is seen from one of them. */
export function isVisibleFrom(exportTo: readonly string[], namespace: string): boolean {
  return exportTo.includes('*') || exportTo.includes(namespace)
}

/** Whether some namespace sees both. */
export function scopesOverlap(a: readonly string[], b: readonly string[]): boolean {
  if (a.includes('~') || b.includes('~')) return false
  return a.includes('*') || b.includes('*') || a.some((one) => b.includes(one))
}

export function entryPorts({ spec }: Pick<Subject, 'spec'>): readonly AnalysisPort[] {
  return listAt(spec, 'ports').map((port) => ({
    number: numberAt(port, 'number') ?? 0,
    name: textAt(port, 'name'),
    protocol: textAt(port, 'protocol'),
  }))
}

function servicePorts({ spec }: Subject): readonly AnalysisPort[] {
  return listAt(spec, 'ports').map((port) => ({
    number: numberAt(port, 'port') ?? 0,
    name: textAt(port, 'name'),
    protocol: textAt(port, 'appProtocol') || textAt(port, 'protocol'),
  }))
}

/** Whether a service entry gets automatic addresses where there are any: not with resolution NONE, wildcard hosts, or the label that forbids it (spec 3.13). */
export function isAllocatedAddresses({ object, spec }: Subject): boolean {
  if (listAt(object, 'status', 'addresses').length > 0) return true
  const label = textAt(mapAt(object, 'metadata', 'labels'), 'networking.istio.io/enable-autoallocate-ip')
  const resolution = at(spec, 'resolution') ?? 'NONE'
  return (
    label.toLowerCase() !== 'false' &&
    resolution !== 'NONE' &&
    !stringsAt(spec, 'hosts').some((host) => host.startsWith('*'))
  )
}
