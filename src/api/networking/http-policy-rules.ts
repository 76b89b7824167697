import { faultOfCorsHeader } from '#api/rules/http-header.ts'
import { faultOfFinePercent, faultOfPercent } from '#api/rules/percentage.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { checkDestination } from './destination.ts'
import { faultOfHttpStatus } from './http-action-rules.ts'
import { checkStringMatch } from './string-match.ts'
import type { CorsPolicy, HttpAbort, HttpDelay, HttpFault, HttpRetry, HttpRoute } from './virtual-service.ts'

/** Istio's rules about CORS, faults, copies and retries of an HTTP route (spec 1.3, validation 9-11, 14). */

const CORS_METHODS: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  '*',
]

export function checkCorsPolicy(policy: CorsPolicy, path: FieldPath, report: Report): void {
  for (const [index, origin] of policy.allowOrigins.entries()) {
    const at = [...path, 'allowOrigins', index]
    if (origin.kind === 'any' || origin.value === '') {
      report.fault(at, "'' is not a valid match type for CORS allow origins")
    } else {
      checkStringMatch(origin, 'corsPolicy.allowOrigins', at, report)
    }
  }
  for (const [index, method] of policy.allowMethods.entries()) {
    if (CORS_METHODS.includes(method)) continue
    report.fault([...path, 'allowMethods', index], `unsupported HTTP method ${JSON.stringify(method)}`)
  }
  for (const list of ['allowHeaders', 'exposeHeaders'] as const) {
    for (const [index, name] of policy[list].entries()) report.fault([...path, list, index], faultOfCorsHeader(name))
  }
  if (policy.maxAgeMs !== undefined && policy.maxAgeMs % 1000 !== 0) {
    report.fault([...path, 'maxAge'], 'max_age duration is accurate only to seconds precision')
  }
}

export function checkHttpFault({ delay, abort }: HttpFault, path: FieldPath, report: Report): void {
  if (delay === undefined && abort === undefined) {
    report.fault(path, 'HTTP fault injection must have an abort and/or a delay')
  }
  if (delay !== undefined) checkDelay(delay, [...path, 'delay'], report)
  if (abort !== undefined) checkAbort(abort, [...path, 'abort'], report)
}

function checkDelay(delay: HttpDelay, path: FieldPath, report: Report): void {
  checkFinePercentage(delay.percentage, path, report)
  report.fault([...path, 'percent'], faultOfPercent(delay.percent))
  if (delay.delay?.kind === 'exponential') {
    report.fault([...path, 'exponentialDelay'], 'exponentialDelay not supported yet')
  }
}

/** Names of google.rpc.Code, which grpcStatus takes. */
const GRPC_STATUSES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

function checkAbort({ error, percentage, percent }: HttpAbort, path: FieldPath, report: Report): void {
  checkFinePercentage(percentage, path, report)
  report.fault([...path, 'percent'], faultOfPercent(percent))
  if (percent !== 0) {
    report.fault([...path, 'percent'], 'using deprecated setting "percent", use "percentage" instead', 'warning')
  }
  switch (error?.kind) {
    case 'http status':
      report.fault([...path, 'httpStatus'], faultOfHttpStatus(error.status))
      break
    case 'grpc status':
      if (!GRPC_STATUSES.includes(error.status)) {
        report.fault([...path, 'grpcStatus'], `gRPC status ${JSON.stringify(error.status)} is not supported`)
      }
      break
    case 'http2 error':
      report.fault([...path, 'http2Error'], 'HTTP/2 abort fault injection not supported yet')
      break
    case undefined:
      report.fault(path, 'abort has no error type, and so no effect: set httpStatus or grpcStatus', 'warning')
  }
}

function checkFinePercentage(percentage: number | undefined, path: FieldPath, report: Report): void {
  if (percentage !== undefined) report.fault([...path, 'percentage', 'value'], faultOfFinePercent(percentage))
}

export function checkMirrors(rule: HttpRoute, path: FieldPath, report: Report): void {
  const { mirror, mirrors, mirrorPercent, mirrorPercentage } = rule
  if (mirror !== undefined && mirrors.length > 0) {
    report.fault([...path, 'mirrors'], 'HTTP route cannot contain both mirror and mirrors')
  }
  if (mirror !== undefined) checkDestination(mirror, [...path, 'mirror'], report)
  if (mirrorPercent !== undefined) {
    const at = [...path, 'mirrorPercent']
    if (mirrorPercent > 100) report.fault(at, `mirror_percent must be max 100 (it has ${mirrorPercent})`)
    report.fault(at, 'using deprecated setting "mirrorPercent", use "mirrorPercentage" instead', 'warning')
  }
  if (mirrorPercentage !== undefined) {
    report.fault([...path, 'mirrorPercentage', 'value'], faultOfPercent(mirrorPercentage))
  }
  for (const [index, { destination, percentage }] of mirrors.entries()) {
    const at = [...path, 'mirrors', index]
    if (destination === undefined) report.fault([...at, 'destination'], 'destination is required')
    else checkDestination(destination, [...at, 'destination'], report)
    if (percentage !== undefined) report.fault([...at, 'percentage', 'value'], faultOfPercent(percentage))
  }
}

const RETRY_CONDITIONS: readonly string[] = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]

/** First and last of each run of status codes that are registered for HTTP. */
const HTTP_STATUSES: readonly (readonly [number, number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
]

export function checkRetries(retries: HttpRetry, path: FieldPath, report: Report): void {
  const { attempts, perTryTimeoutMs, retryOn, retryRemoteLocalities } = retries
  if (attempts < 0) report.fault([...path, 'attempts'], 'attempts cannot be negative')
  const isConfigured = perTryTimeoutMs !== undefined || retryOn !== '' || retryRemoteLocalities !== undefined
  if (attempts === 0 && isConfigured) {
    report.fault([...path, 'attempts'], 'http retry policy configured when attempts are set to 0 (disabled)')
  }
  if (retryOn === '') return
  for (const condition of retryOn.split(',')) {
    if (RETRY_CONDITIONS.includes(condition) || isHttpStatus(condition)) continue
    report.fault([...path, 'retryOn'], `${JSON.stringify(condition)} is not a valid retryOn policy`)
  }
}

function isHttpStatus(text: string): boolean {
  const status = /^[+]?\d+$/.test(text) ? Number(text) : 0
  return HTTP_STATUSES.some(([first, last]) => status >= first && status <= last)
}
