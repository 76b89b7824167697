import {
  faultOfChangedHeader,
  faultOfHeaderValue,
  faultOfSetRequestHeader,
  isAuthorityHeader,
} from '#api/rules/http-header.ts'
import { checkRegex } from '#api/rules/regex.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type {
  HeaderChanges,
  HeaderOperations,
  HttpDirectResponse,
  HttpMatch,
  HttpRedirect,
  HttpRewrite,
  HttpRoute,
} from './virtual-service.ts'

/** Istio's rules about what an HTTP route does with a request (spec 1.3, validation 8, 12, 13, 15). */

export function checkHeaderChanges(headers: HeaderChanges, path: FieldPath, report: Report): void {
  const { request, response } = headers
  checkOperations(request, faultOfSetRequestHeader, [...path, 'request'], report)
  checkOperations(response, faultOfChangedHeader, [...path, 'response'], report)
}

function checkOperations(
  operations: HeaderOperations,
  faultOfSet: (name: string) => string | undefined,
  path: FieldPath,
  report: Report,
): void {
  for (const operation of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(operations[operation])) {
      report.fault([...path, operation, name], faultOfSet(name))
      report.fault([...path, operation, name], faultOfHeaderValue(value))
    }
  }
  for (const [index, name] of operations.remove.entries()) {
    report.fault([...path, 'remove', index], faultOfChangedHeader(name))
  }
}

/** The host that a request is for may be changed in one place only. */
export function checkAuthorityOnce(rule: HttpRoute, path: FieldPath, report: Report): void {
  const { set, add } = rule.headers.request
  const changes = [...Object.keys(set), ...Object.keys(add)].filter(isAuthorityHeader).length
  if (changes + (rule.rewrite?.authority ? 1 : 0) > 1) {
    report.fault(path, 'authority header cannot be set multiple times')
  }
}

export function checkRedirect(
  redirect: HttpRedirect,
  matches: readonly HttpMatch[],
  path: FieldPath,
  report: Report,
): void {
  const { uri, prefixRewrite, authority, port, scheme, redirectCode } = redirect
  if (uri !== '' && prefixRewrite !== '') {
    report.fault([...path, 'prefixRewrite'], 'HTTP redirect cannot contain both uri and prefix_rewrite')
  }
  if (prefixRewrite !== '' && matches.some((match) => match.uri !== undefined && match.uri.kind !== 'prefix')) {
    report.fault(
      [...path, 'prefixRewrite'],
      'HTTP redirect prefix_rewrite requires that every uri is matched by prefix',
    )
  }
  if (uri === '' && prefixRewrite === '' && authority === '' && port === undefined && scheme === '') {
    report.fault(path, 'HTTP redirect must specify uri, prefix_rewrite, authority, scheme, or port')
  }
  if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    report.fault([...path, 'redirectCode'], `${redirectCode} is not a valid redirect code, must be in range 300-399`)
  }
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') {
    report.fault([...path, 'scheme'], `invalid redirect scheme ${JSON.stringify(scheme)}, must be "http" or "https"`)
  }
}

const KIBIBYTE = 1024

export function checkDirectResponse(response: HttpDirectResponse, path: FieldPath, report: Report): void {
  report.fault([...path, 'status'], faultOfHttpStatus(response.status))
  const bytes = response.body?.length ?? 0
  if (bytes > KIBIBYTE * KIBIBYTE) {
    report.fault([...path, 'body'], `body of ${bytes} bytes is too large, larger than 1MiB`)
  } else if (bytes > 100 * KIBIBYTE) {
    report.fault(
      [...path, 'body'],
      `body of ${bytes} bytes is larger than 100KiB: it may slow the proxy down`,
      'warning',
    )
  }
}

/** Istio says 599 and lets 600 pass. */
export function faultOfHttpStatus(status: number): string | undefined {
  return status >= 200 && status <= 600 ? undefined : `invalid HTTP status ${status}: must be in range 200-599`
}

export function checkRewrite(rewrite: HttpRewrite, path: FieldPath, report: Report): void {
  const { uri, authority, uriRegexRewrite } = rewrite
  if (uri !== '' && uriRegexRewrite !== undefined) {
    report.fault([...path, 'uriRegexRewrite'], 'rewrite may only contain one of uri or uriRegexRewrite')
  }
  if (uri === '' && authority === '' && uriRegexRewrite === undefined) {
    report.fault(path, 'rewrite must specify at least one of uri, uriRegexRewrite, or authority')
  }
  if (uriRegexRewrite === undefined) return
  const at = [...path, 'uriRegexRewrite']
  if (uriRegexRewrite.match === '' || uriRegexRewrite.rewrite === '') {
    report.fault(at, 'uriRegexRewrite requires both match and rewrite fields to be specified')
  }
  if (uriRegexRewrite.match !== '') {
    checkRegex(uriRegexRewrite.match, 'uriRegexRewrite', [...at, 'match'], report)
  }
}
