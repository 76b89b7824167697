import type { EgressListener, Sidecar } from '#api/networking/sidecar.ts'
import { HostSet } from '#api/rules/host-overlap.ts'
import type { Mesh } from './mesh.ts'
import type { Service, ServicePort } from './service.ts'

/** What selects a Sidecar for a proxy. */
export interface ScopedProxy {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * The Sidecar that counts for a proxy (spec 1.6): of its namespace the oldest whose selector matches, else the oldest without one; else the oldest without
 * one of the root namespace; undefined where everything that is exported to it may be seen.
 */
export function sidecarFor({ sidecars, config }: Mesh, { namespace, labels }: ScopedProxy): Sidecar | undefined {
  const own = sidecars.filter((sidecar) => namespaceOf(sidecar) === namespace)
  return (
    own.find(({ spec }) => spec.workloadSelector !== undefined && selects(spec.workloadSelector.labels, labels)) ??
    own.find(({ spec }) => spec.workloadSelector === undefined) ??
    sidecars.find((one) => namespaceOf(one) === config.rootNamespace && one.spec.workloadSelector === undefined)
  )
}

function namespaceOf({ metadata }: Sidecar): string {
  return metadata.namespace ?? 'default'
}

function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

/** The part of a service that a Sidecar lets proxies of a namespace see: the service itself, one with fewer ports, or nothing. */
export function importedPart(service: Service, sidecar: Sidecar, namespace: string): Service | undefined {
  const { egress } = sidecar.spec
  // Without egress listeners it says nothing about them.
  if (egress.length === 0) return service
  const matching = egress.filter((listener) => imports(listener, service, namespace))
  if (matching.length === 0) return undefined
  if (matching.some(({ port }) => port === undefined)) return service
  const ports = service.ports.filter(({ number }: ServicePort) => matching.some(({ port }) => port?.number === number))
  if (ports.length === service.ports.length) return service
  return ports.length === 0 ? undefined : { ...service, ports }
}

/** Whether one of the listener's `NAMESPACE/HOST` holds the service, and no `~NAMESPACE/HOST` excludes it. */
function imports({ hosts }: EgressListener, service: Service, namespace: string): boolean {
  let imported = false
  for (const entry of hosts) {
    const slash = entry.indexOf('/')
    const where = entry.slice(0, slash)
    const host = entry.slice(slash + 1)
    if (where === '~') continue
    const excludes = where.startsWith('~')
    const wanted = excludes ? where.slice(1) : where
    const here = wanted === '*' || (wanted === '.' ? namespace : wanted) === service.namespace
    if (!here || new HostSet([host]).holding(service.host) === undefined) continue
    if (excludes) return false
    imported = true
  }
  return imported
}
