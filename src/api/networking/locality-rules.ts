import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { LocalityLoadBalancer } from './load-balancer.ts'

/** Labels that say where an endpoint is; failover says that too. */
const TOPOLOGY_LABELS: readonly string[] = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]

/** Istio's rules about localities (spec 1.4, validation 6). */
export function checkLocalityLoadBalancer(
  locality: LocalityLoadBalancer,
  hasOutlierDetection: boolean,
  path: FieldPath,
  report: Report,
): void {
  const { distribute, failover, failoverPriority } = locality
  if (distribute.length > 0 && failover.length > 0) {
    report.fault(path, "can not simultaneously specify 'distribute' and 'failover'")
  }
  checkDistribution(distribute, [...path, 'distribute'], report)
  checkFailover(failover, [...path, 'failover'], report)
  const topology = failoverPriority.findIndex((label) => TOPOLOGY_LABELS.includes(label.split('=')[0]!))
  if (failover.length > 0 && topology >= 0) {
    const label = failoverPriority[topology]
    const text = `can not simultaneously set 'failover' and topology label '${label}' in 'failover_priority'`
    report.fault([...path, 'failoverPriority', topology], text)
  }
  if (failover.length + failoverPriority.length > 0 && !hasOutlierDetection) {
    report.fault(path, 'outlier detection policy must be provided for failover', 'warning')
  }
}

function checkDistribution(distribute: LocalityLoadBalancer['distribute'], path: FieldPath, report: Report): void {
  const from = distribute.map((one, index) => [one.from, [...path, index, 'from']] as const)
  checkLocalities(from, report)
  for (const [index, { to }] of distribute.entries()) {
    const at = [...path, index, 'to']
    checkLocalities(
      Object.keys(to).map((locality) => [locality, [...at, locality]]),
      report,
    )
    let total = 0
    for (const [locality, weight] of Object.entries(to)) {
      if (weight < 1 || weight > 100) {
        report.fault([...at, locality], `locality weight must be in range [1, 100], not ${weight}`)
      }
      total += weight
    }
    if (total !== 100) report.fault(at, `total locality weight ${total} != 100`)
  }
}

/** Localities overlap where one holds the other. */
function checkLocalities(localities: readonly (readonly [string, FieldPath])[], report: Report): void {
  const areas = new Set<string>()
  const widestFirst = [...localities].sort(([a], [b]) => areaOf(a).length - areaOf(b).length)
  for (const [locality, path] of widestFirst) {
    const fault = faultOfLocality(locality)
    report.fault(path, fault)
    if (fault !== undefined) continue
    const area = areaOf(locality)
    const isHeld = area.some((_, depth) => areas.has(area.slice(0, depth).join('/'))) || areas.has(area.join('/'))
    if (isHeld) report.fault(path, `locality ${locality} overlap with previous specified ones`)
    areas.add(area.join('/'))
  }
}

function faultOfLocality(locality: string): string | undefined {
  const stars = locality.split('*').length - 1
  if (stars > 1 || (stars === 1 && !locality.endsWith('*'))) {
    return `locality ${locality} wildcard '*' number can not exceed 1 and must be in the end`
  }
  if (!locality.split('/').includes('')) return undefined
  return `locality ${locality} must not contain empty region/zone/subzone info`
}

/** Region, zone and subzone, as far as they are said: `a/b` and `a/b/*` are the same, `*` is none of them. */
function areaOf(locality: string): readonly string[] {
  const [region, zone, ...subzone] = locality.split('/')
  const area = [region!, ...(zone === undefined ? [] : [zone]), ...(subzone.length === 0 ? [] : [subzone.join('/')])]
  return area.at(-1) === '*' ? area.slice(0, -1) : area
}

function checkFailover(failover: LocalityLoadBalancer['failover'], path: FieldPath, report: Report): void {
  for (const [index, { from, to }] of failover.entries()) {
    const at = [...path, index]
    if (from === to) report.fault(at, 'locality lb failover settings must specify different regions')
    for (const [field, region] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (region.includes('*'))
        report.fault([...at, field], "locality lb failover region should not contain '*' wildcard")
      if (region.includes('/')) report.fault([...at, field], 'locality lb failover only specify region')
    }
  }
}
