import type { Report } from '#api/schema/report.ts'
import type { DestinationPolicy, SimpleCircuitBreaker } from './destination-policy.ts'
import { checkIstioService } from './istio-service.ts'

/** The rules of Istio 0.2 to 0.8 about a destination policy (spec 2.3), all faults at once. */
export function checkDestinationPolicy({ spec }: DestinationPolicy, report: Report): void {
  const { destination, source, circuitBreaker } = spec
  if (destination === undefined) report.fault(['spec', 'destination'], 'destination policy must have a destination')
  else checkIstioService(destination, ['spec', 'destination'], report)
  if (source !== undefined) checkIstioService(source, ['spec', 'source'], report)
  if (circuitBreaker === undefined) return
  if (circuitBreaker.simpleCb === undefined) {
    report.fault(['spec', 'circuitBreaker'], 'circuit breaker must have simpleCb: no other one is implemented')
  } else checkLimits(circuitBreaker.simpleCb, report)
}

function checkLimits(limits: SimpleCircuitBreaker, report: Report): void {
  const path = ['spec', 'circuitBreaker', 'simpleCb']
  for (const [field, value] of Object.entries(limits)) {
    if (typeof value === 'number' && value < 0) report.fault([...path, field], `${field} must not be negative`)
  }
  const percent = limits.httpMaxEjectionPercent
  if (percent > 100) {
    report.fault([...path, 'httpMaxEjectionPercent'], `httpMaxEjectionPercent ${percent} is not in range 0..100`)
  }
}
