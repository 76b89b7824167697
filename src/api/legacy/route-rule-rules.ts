import { checkStringMatch } from '#api/networking/string-match.ts'
import { faultOfIpSubnet } from '#api/rules/address.ts'
import { faultOfHeaderName } from '#api/rules/http-header.ts'
import { faultOfPercent } from '#api/rules/percentage.ts'
import type { Report } from '#api/schema/report.ts'
import { checkIstioService } from './istio-service.ts'
import type { RouteRule, RouteRuleMatch, RouteRuleSpec } from './route-rule.ts'

/** The rules of Istio 0.2 to 0.8 about a route rule (spec 2.3), all faults at once. */
export function checkRouteRule({ spec }: RouteRule, report: Report): void {
  const { destination, match, mirror, appendHeaders } = spec
  if (destination === undefined) report.fault(['spec', 'destination'], 'route rule must have a destination service')
  else checkIstioService(destination, ['spec', 'destination'], report)
  if (match !== undefined) checkMatch(match, report)
  checkRoute(spec, report)
  checkRedirect(spec, report)
  checkTimes(spec, report)
  checkFault(spec, report)
  if (mirror !== undefined) checkIstioService(mirror, ['spec', 'mirror'], report)
  for (const header of Object.keys(appendHeaders)) {
    report.fault(['spec', 'appendHeaders', header], faultOfHeaderName(header))
  }
}

function checkMatch({ source, request, tcp, udp }: RouteRuleMatch, report: Report): void {
  const path = ['spec', 'match']
  if (source !== undefined && source.name !== '') checkIstioService(source, [...path, 'source'], report)
  if (udp !== undefined) report.fault([...path, 'udp'], 'UDP matching is not supported')
  if (request !== undefined && tcp !== undefined) report.fault([...path, 'tcp'], 'tcp and request cannot both be set')
  for (const [header, value] of Object.entries(request?.headers ?? {})) {
    const at = [...path, 'request', 'headers', header]
    if (value.kind === 'any') report.fault(at, `header ${JSON.stringify(header)} needs one of exact, prefix, regex`)
    else checkStringMatch(value, header, at, report)
  }
  for (const field of ['sourceSubnet', 'destinationSubnet'] as const) {
    for (const [index, subnet] of (tcp?.[field] ?? []).entries()) {
      report.fault([...path, 'tcp', field, index], faultOfIpSubnet(subnet))
    }
  }
}

function checkRoute({ route }: RouteRuleSpec, report: Report): void {
  const path = ['spec', 'route']
  for (const [index, { destination, weight }] of route.entries()) {
    if (destination !== undefined) checkIstioService(destination, [...path, index, 'destination'], report)
    if (weight < 0 || weight > 100) report.fault([...path, index, 'weight'], `weight ${weight} is not in range 0..100`)
  }
  const total = route.reduce((sum, { weight }) => sum + weight, 0)
  const isLeftOut = route.length === 1 && total === 0
  if (route.length > 0 && !isLeftOut && total !== 100) {
    report.fault(path, `route weights total ${total} (must total 100)`)
  }
}

function checkRedirect(spec: RouteRuleSpec, report: Report): void {
  const { redirect, rewrite, route, httpFault, websocketUpgrade } = spec
  for (const [field, change] of Object.entries({ redirect, rewrite })) {
    if (change !== undefined && change.uri === '' && change.authority === '') {
      report.fault(['spec', field], `${field} must have uri or authority`)
    }
  }
  if (redirect === undefined) return
  const others = {
    route: route.length > 0,
    rewrite: rewrite !== undefined,
    httpFault: httpFault !== undefined,
    websocketUpgrade,
  }
  for (const [field, isSet] of Object.entries(others)) {
    if (isSet) report.fault(['spec', field], `a rule with redirect cannot have ${field}`)
  }
}

function checkTimes({ httpReqTimeout, httpReqRetries }: RouteRuleSpec, report: Report): void {
  if (httpReqTimeout !== undefined && httpReqTimeout.simpleTimeout?.timeout === undefined) {
    report.fault(['spec', 'httpReqTimeout'], 'httpReqTimeout must have simpleTimeout.timeout')
  }
  const retry = httpReqRetries?.simpleRetry
  if (httpReqRetries !== undefined && retry === undefined) {
    report.fault(['spec', 'httpReqRetries'], 'httpReqRetries must have simpleRetry')
  }
  if (retry !== undefined && retry.attempts < 0) {
    report.fault(
      ['spec', 'httpReqRetries', 'simpleRetry', 'attempts'],
      `attempts ${retry.attempts} must not be negative`,
    )
  }
}

function checkFault({ httpFault, l4Fault }: RouteRuleSpec, report: Report): void {
  if (l4Fault !== undefined && l4Fault !== null) report.fault(['spec', 'l4Fault'], 'l4Fault is not implemented')
  if (httpFault === undefined) return
  const path = ['spec', 'httpFault']
  const { delay, abort } = httpFault
  if (delay === undefined && abort === undefined) report.fault(path, 'httpFault must have delay or abort')
  if (delay !== undefined) {
    report.fault([...path, 'delay', 'percent'], faultOfPercent(delay.percent))
    if (delay.exponentialDelay !== undefined) {
      report.fault([...path, 'delay', 'exponentialDelay'], 'exponentialDelay is not implemented')
    } else if (delay.fixedDelay === undefined) report.fault([...path, 'delay'], 'delay must have fixedDelay')
  }
  if (abort !== undefined) {
    report.fault([...path, 'abort', 'percent'], faultOfPercent(abort.percent))
    for (const field of ['grpcStatus', 'http2Error'] as const) {
      if (abort[field] !== '') report.fault([...path, 'abort', field], `${field} is not implemented`)
    }
    const status = abort.httpStatus
    if (status === undefined) report.fault([...path, 'abort'], 'abort must have httpStatus')
    else if (status < 200 || status > 599) {
      report.fault([...path, 'abort', 'httpStatus'], `HTTP status ${status} is not in range 200..599`)
    }
  }
}
