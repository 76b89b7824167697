import { faultOfPercent } from '#api/rules/percentage.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { ConsistentHash, HashCookie, LoadBalancer, Warmup } from './load-balancer.ts'
import { checkLocalityLoadBalancer } from './locality-rules.ts'

/** Istio's rules about the choice of endpoints (spec 1.4, validation 5). */
export function checkLoadBalancer(
  balancer: LoadBalancer,
  hasOutlierDetection: boolean,
  path: FieldPath,
  report: Report,
): void {
  const { policy, locality, zoneAwareLbSetting, warmup } = balancer
  if (policy?.kind === 'consistent hash') checkConsistentHash(policy.hash, [...path, 'consistentHash'], report)
  if (locality !== undefined && zoneAwareLbSetting !== undefined && zoneAwareLbSetting !== null) {
    report.fault([...path, 'zoneAwareLbSetting'], 'only one of localityLbSetting or zoneAwareLbSetting may be set')
  }
  if (locality !== undefined) {
    checkLocalityLoadBalancer(locality, hasOutlierDetection, [...path, 'localityLbSetting'], report)
  }
  if (warmup !== undefined) checkWarmup(warmup, [...path, 'warmup'], report)
}

/** Larger tables cost more than Envoy lets them. */
const MAX_TABLE_SIZE = 5_000_011

function checkConsistentHash(hash: ConsistentHash, path: FieldPath, report: Report): void {
  if (hash.key?.kind === 'cookie') checkCookie(hash.key.cookie, [...path, 'httpCookie'], report)
  if (hash.minimumRingSize !== 0) {
    const at = [...path, 'minimumRingSize']
    report.fault(
      at,
      "consistent hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead",
      'warning',
    )
    if (hash.algorithm !== undefined) {
      report.fault(at, 'only one of minimumRingSize and ringHash or maglev can be set')
    }
  }
  if (hash.algorithm?.kind !== 'maglev' || hash.algorithm.tableSize === undefined) return
  const size = hash.algorithm.tableSize
  const at = [...path, 'maglev', 'tableSize']
  if (size === 0) report.fault(at, 'tableSize must be set for maglev')
  else if (size >= MAX_TABLE_SIZE) report.fault(at, `tableSize must be less than ${MAX_TABLE_SIZE} for maglev`)
  else if (!isPrime(size)) report.fault(at, 'tableSize must be a prime number for maglev')
}

function checkCookie(cookie: HashCookie, path: FieldPath, report: Report): void {
  if (cookie.name === '') report.fault([...path, 'name'], 'name required for HttpCookie')
  const names = new Set<string>()
  for (const [index, { name }] of cookie.attributes.entries()) {
    const at = [...path, 'attributes', index, 'name']
    if (name === '') report.fault(at, 'name required for an attribute of HttpCookie')
    else if (names.has(name)) report.fault(at, `duplicate attribute ${JSON.stringify(name)} of HttpCookie`)
    names.add(name)
  }
}

/** For numbers below `MAX_TABLE_SIZE`, so at most some 1100 divisions. */
function isPrime(number: number): boolean {
  if (number < 4) return number > 1
  if (number % 2 === 0) return false
  for (let divisor = 3; divisor * divisor <= number; divisor += 2) if (number % divisor === 0) return false
  return true
}

function checkWarmup(warmup: Warmup, path: FieldPath, report: Report): void {
  const { durationMs, minimumPercent, aggression } = warmup
  if (durationMs === undefined) report.fault([...path, 'duration'], 'duration is required for warmup')
  if (minimumPercent !== undefined) report.fault([...path, 'minimumPercent'], faultOfPercent(minimumPercent))
  if (aggression !== undefined && aggression <= 0) {
    report.fault([...path, 'aggression'], `aggression should be greater than 0, not ${aggression}`)
  }
}
