import { faultOfMatchedHeader, isJwtClaim } from '#api/rules/http-header.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import {
  checkAuthorityOnce,
  checkDirectResponse,
  checkHeaderChanges,
  checkRedirect,
  checkRewrite,
} from './http-action-rules.ts'
import { checkCorsPolicy, checkHttpFault, checkMirrors, checkRetries } from './http-policy-rules.ts'
import { checkDestinations, checkSourceMatch } from './route-rules.ts'
import { checkRegexMatch, checkStringMatch, type StringMatch } from './string-match.ts'
import { actionOf, type HttpMatch, type HttpRoute, isGatewayOnly, type VirtualServiceSpec } from './virtual-service.ts'

/** Istio's rules about an HTTP route (spec 1.3, validation 3, 6-8 and what these call). */
export function checkHttpRoute(rule: HttpRoute, spec: VirtualServiceSpec, path: FieldPath, report: Report): void {
  const forGateways = isGatewayOnly(spec)
  for (const [index, match] of rule.match.entries()) {
    checkHttpMatch(match, forGateways, [...path, 'match', index], report)
  }
  checkAction(rule, spec.hosts.length === 0, path, report)
  checkDestinations(rule.route, [...path, 'route'], report)
  for (const [index, { headers }] of rule.route.entries()) {
    checkHeaderChanges(headers, [...path, 'route', index, 'headers'], report)
  }
  checkHeaderChanges(rule.headers, [...path, 'headers'], report)
  checkAuthorityOnce(rule, [...path, 'headers'], report)
  checkMirrors(rule, path, report)
  const { redirect, directResponse, rewrite, fault, retries, corsPolicy } = rule
  if (redirect !== undefined) checkRedirect(redirect, rule.match, [...path, 'redirect'], report)
  if (directResponse !== undefined) checkDirectResponse(directResponse, [...path, 'directResponse'], report)
  if (rewrite !== undefined) checkRewrite(rewrite, [...path, 'rewrite'], report)
  if (fault !== undefined) checkHttpFault(fault, [...path, 'fault'], report)
  if (retries !== undefined) checkRetries(retries, [...path, 'retries'], report)
  if (corsPolicy !== undefined) checkCorsPolicy(corsPolicy, [...path, 'corsPolicy'], report)
}

/** Which fields cannot stand beside an action, in the words that Istio has for them. */
const EXCLUDED = {
  redirect: { route: 'route', fault: 'fault', rewrite: 'rewrite', directResponse: 'direct_response' },
  directResponse: { route: 'route', fault: 'fault', rewrite: 'rewrite' },
} as const

function checkAction(rule: HttpRoute, isDelegate: boolean, path: FieldPath, report: Report): void {
  if (rule.delegate !== undefined) {
    const at = [...path, 'delegate']
    const name = rule.name === '' ? '' : ` ${rule.name}`
    if (isDelegate) report.fault(at, 'delegate HTTP route cannot contain delegate')
    if (rule.redirect !== undefined) report.fault(at, `root HTTP route${name} must not specify redirect`)
    if (rule.route.length > 0) report.fault(at, `root HTTP route${name} must not specify route`)
    return
  }
  for (const action of ['redirect', 'directResponse'] as const) {
    if (rule[action] === undefined) continue
    for (const [field, name] of Object.entries(EXCLUDED[action])) {
      if (!isWritten(rule, field as keyof HttpRoute)) continue
      const what = action === 'redirect' ? 'redirect' : 'direct_response'
      report.fault([...path, action], `HTTP route cannot contain both ${name} and ${what}`)
    }
  }
  if (actionOf(rule) === undefined) report.fault(path, 'HTTP route, redirect or direct_response is required')
}

function isWritten(rule: HttpRoute, field: keyof HttpRoute): boolean {
  return field === 'route' ? rule.route.length > 0 : rule[field] !== undefined
}

function checkHttpMatch(match: HttpMatch, forGateways: boolean, path: FieldPath, report: Report): void {
  if (match.uri !== undefined) checkRegexMatch(match.uri, 'uri', [...path, 'uri'], report)
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const text = match[field]
    if (text !== undefined) checkStringMatch(text, field, [...path, field], report)
  }
  for (const [name, text] of Object.entries(match.queryParams)) {
    checkStringMatch(text, 'queryParams', [...path, 'queryParams', name], report)
  }
  checkHeaderMatches(match.headers, 'headers', forGateways, path, report)
  checkHeaderMatches(match.withoutHeaders, 'withoutHeaders', forGateways, path, report)
  checkSourceMatch(match, path, report)
}

function checkHeaderMatches(
  headers: Readonly<Record<string, StringMatch>>,
  field: 'headers' | 'withoutHeaders',
  forGateways: boolean,
  path: FieldPath,
  report: Report,
): void {
  for (const [name, text] of Object.entries(headers)) {
    const at = [...path, field, name]
    report.fault(at, faultOfMatchedHeader(name))
    if (isJwtClaim(name) && !forGateways) {
      report.fault(at, `JWT claim based routing (key: ${name}) is only supported for gateway`)
    }
    // "*" is no expression, and means that the header is there.
    const isPresence = field === 'withoutHeaders' && text.kind === 'regex' && text.value === '*'
    if (!isPresence) checkStringMatch(text, field, at, report)
  }
}
