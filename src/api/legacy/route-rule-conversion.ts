import type { JsonObject } from '#api/kind.ts'
import type { StringMatch } from '#api/networking/string-match.ts'
import type { Finding } from '#kube/message.ts'
import { hostOf, type IstioService, subsetNameOf } from './istio-service.ts'
import type { DestinationWeight, LegacyCorsPolicy, RouteRule, RouteRuleMatch, RouteRuleSpec } from './route-rule.ts'

/** A duration as protobuf JSON has it. */
export function durationText(ms: number): string {
  return `${ms / 1000}s`
}

/** Fields that are set. */
export function given(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Whether a rule is about connections: it goes to `tcp` of a virtual service, others to `http`. */
export function isTcpRule({ spec }: RouteRule): boolean {
  return spec.match?.tcp !== undefined
}

/** A route rule as an element of `http` of a virtual service (spec 2.3). */
export function httpRouteOf({ spec }: RouteRule): JsonObject {
  const { match, redirect, rewrite, httpReqTimeout, httpReqRetries, corsPolicy, mirror, appendHeaders } = spec
  const timeout = httpReqTimeout?.simpleTimeout?.timeout
  const retry = httpReqRetries?.simpleRetry
  const perTry = retry?.perTryTimeout
  return given({
    match: match === undefined ? undefined : httpMatchOf(match),
    redirect: redirect === undefined ? undefined : urisOf(redirect),
    route: redirect === undefined ? routesOf(spec) : undefined,
    rewrite: rewrite === undefined ? undefined : urisOf(rewrite),
    timeout: timeout === undefined ? undefined : durationText(timeout),
    retries: retry && given({ attempts: retry.attempts, perTryTimeout: perTry && durationText(perTry) }),
    fault: faultOf(spec),
    mirror: mirror === undefined ? undefined : destinationOf(mirror, mirror.labels),
    corsPolicy: corsPolicy === undefined ? undefined : corsPolicyOf(corsPolicy),
    headers: Object.keys(appendHeaders).length === 0 ? undefined : { request: { add: appendHeaders } },
  })
}

/** A route rule as an element of `tcp` of a virtual service. */
export function tcpRouteOf({ spec }: RouteRule): JsonObject {
  const { sourceSubnet = [], destinationSubnet = [] } = spec.match?.tcp ?? {}
  const sources = sourceSubnet.length === 0 ? [undefined] : sourceSubnet
  const matches = sources.map((subnet) =>
    given({
      destinationSubnets: destinationSubnet.length === 0 ? undefined : [...destinationSubnet],
      sourceSubnet: subnet,
      sourceLabels: sourceLabelsOf(spec.match),
    }),
  )
  const match = matches.filter((one) => Object.keys(one).length > 0)
  return given({ match: match.length === 0 ? undefined : match, route: routesOf(spec) })
}

function urisOf({ uri, authority }: { readonly uri: string; readonly authority: string }): JsonObject {
  return given({ uri: uri === '' ? undefined : uri, authority: authority === '' ? undefined : authority })
}

/** Without a route a rule is about the way to its own destination. */
function routesOf(spec: RouteRuleSpec): readonly JsonObject[] {
  const { route } = spec
  if (route.length === 0) return [{ destination: destinationOf(spec.destination, {}) }]
  return route.map((one) =>
    given({
      destination: destinationOf(one.destination ?? spec.destination, labelsOf(one)),
      weight: route.length === 1 ? undefined : one.weight,
    }),
  )
}

function labelsOf({ labels, destination }: DestinationWeight): Readonly<Record<string, string>> {
  return { ...destination?.labels, ...labels }
}

function destinationOf(service: IstioService | undefined, labels: Readonly<Record<string, string>>): JsonObject {
  return given({ host: service === undefined ? '' : hostOf(service), subset: subsetNameOf(labels) })
}

/** Every subset that the routes of a rule name: its host and its labels. */
export function subsetsNamedBy({ spec }: RouteRule): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  const routes = spec.redirect === undefined ? spec.route : []
  const named = routes.map((one) => [one.destination ?? spec.destination, labelsOf(one)] as const)
  const mirrored = spec.mirror === undefined ? [] : [[spec.mirror, spec.mirror.labels] as const]
  return [...named, ...mirrored].flatMap(([service, labels]) =>
    service === undefined || Object.keys(labels).length === 0 ? [] : [[hostOf(service), labels] as const],
  )
}

/** Headers of the old rules that are fields of their own in a virtual service. */
const FIELDS: readonly string[] = ['uri', 'scheme', 'method', 'authority']

function httpMatchOf(match: RouteRuleMatch): readonly JsonObject[] | undefined {
  const written = Object.entries(match.request?.headers ?? {}).map(([name, value]) => [name, matchOf(value)] as const)
  const headers = Object.fromEntries(written.filter(([name]) => !FIELDS.includes(name)))
  const one = given({
    ...Object.fromEntries(written.filter(([name]) => FIELDS.includes(name))),
    headers: Object.keys(headers).length === 0 ? undefined : headers,
    sourceLabels: sourceLabelsOf(match),
  })
  return Object.keys(one).length === 0 ? undefined : [one]
}

function matchOf(match: StringMatch): JsonObject {
  return match.kind === 'any' ? {} : { [match.kind]: match.value }
}

function sourceLabelsOf(match: RouteRuleMatch | undefined): JsonObject | undefined {
  const labels = match?.source?.labels ?? {}
  return Object.keys(labels).length === 0 ? undefined : { ...labels }
}

function faultOf({ httpFault }: RouteRuleSpec): JsonObject | undefined {
  if (httpFault === undefined) return undefined
  const { delay, abort } = httpFault
  return given({
    delay: delay?.fixedDelay && {
      percentage: { value: delay.percent },
      fixedDelay: durationText(delay.fixedDelay),
    },
    abort: abort && { percentage: { value: abort.percent }, httpStatus: abort.httpStatus },
  })
}

function corsPolicyOf(policy: LegacyCorsPolicy): JsonObject {
  const listed = (values: readonly string[]) => (values.length === 0 ? undefined : values)
  return given({
    allowOrigins: listed(policy.allowOrigin)?.map((origin) => ({ exact: origin })),
    allowMethods: listed(policy.allowMethods),
    allowHeaders: listed(policy.allowHeaders),
    exposeHeaders: listed(policy.exposeHeaders),
    maxAge: policy.maxAge === undefined ? undefined : durationText(policy.maxAge),
    allowCredentials: policy.allowCredentials,
  })
}

const HTTP_FIELDS = [
  'redirect',
  'rewrite',
  'httpReqTimeout',
  'httpReqRetries',
  'httpFault',
  'corsPolicy',
  'mirror',
] as const

/** Where a converted rule means something else than it did: a warning; or more than it did: an error, and nothing is converted. */
export function lossesOfRouteRule(rule: RouteRule): readonly Finding[] {
  const { spec } = rule
  const losses: Finding[] = []
  const warn = (path: readonly string[], text: string) =>
    losses.push({ level: 'warning', path: ['spec', ...path], text })
  if (spec.websocketUpgrade)
    warn(['websocketUpgrade'], 'websocketUpgrade is left out: WebSockets are always let through')
  const source = spec.match?.source
  if (source !== undefined && (source.name !== '' || source.service !== '')) {
    const field = source.name === '' ? 'service' : 'name'
    const path = ['match', 'source', field]
    if (Object.keys(source.labels).length > 0)
      warn(path, `source.${field} is left out: callers are told by the labels alone`)
    else {
      const text = `source.${field} cannot be converted, and without it the rule would be for every caller: give labels of the callers`
      losses.push({ level: 'error', path: ['spec', ...path], text })
    }
  }
  const overridable = {
    'httpReqTimeout.simpleTimeout': spec.httpReqTimeout?.simpleTimeout,
    'httpReqRetries.simpleRetry': spec.httpReqRetries?.simpleRetry,
    'httpFault.delay': spec.httpFault?.delay,
    'httpFault.abort': spec.httpFault?.abort,
  }
  for (const [place, part] of Object.entries(overridable)) {
    if (part === undefined || part.overrideHeaderName === '') continue
    warn(
      [...place.split('.'), 'overrideHeaderName'],
      'overrideHeaderName is left out: no header can change this any more',
    )
  }
  for (const field of isTcpRule(rule) ? HTTP_FIELDS : []) {
    if (spec[field] !== undefined) warn([field], `${field} is left out: it has no meaning for TCP`)
  }
  return losses
}
