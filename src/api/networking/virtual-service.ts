import type { KubeObject } from '#kube/object.ts'
import type { Destination } from './destination.ts'
import type { StringMatch } from './string-match.ts'

/** The word for every sidecar, among the names of gateways. */
export const MESH_GATEWAY = 'mesh'

/** spec of a VirtualService after decoding: every field present, absence told apart from zero where Istio does (spec 1.3). */
export interface VirtualServiceSpec {
  /** Empty: a delegate, which another virtual service refers to. */
  readonly hosts: readonly string[]
  /** Empty: every sidecar, as `["mesh"]`. */
  readonly gateways: readonly string[]
  readonly http: readonly HttpRoute[]
  readonly tls: readonly TlsRoute[]
  readonly tcp: readonly TcpRoute[]
  /** Empty: the mesh's default. */
  readonly exportTo: readonly string[]
}

export type VirtualService = KubeObject<VirtualServiceSpec>

/** Whether only gateways apply the rules, and no sidecar. */
export function isGatewayOnly({ gateways }: VirtualServiceSpec): boolean {
  return gateways.length > 0 && !gateways.includes(MESH_GATEWAY)
}

/** A rule about HTTP requests, as written; `actionOf` tells which of its four actions it takes. */
export interface HttpRoute {
  readonly name: string
  /** Any of them; none: every request. */
  readonly match: readonly HttpMatch[]
  readonly route: readonly HttpRouteDestination[]
  readonly redirect: HttpRedirect | undefined
  readonly directResponse: HttpDirectResponse | undefined
  readonly delegate: { readonly name: string; readonly namespace: string } | undefined
  readonly rewrite: HttpRewrite | undefined
  /** undefined: no limit */
  readonly timeoutMs: number | undefined
  readonly retries: HttpRetry | undefined
  readonly fault: HttpFault | undefined
  readonly mirror: Destination | undefined
  readonly mirrors: readonly HttpMirror[]
  /** Deprecated: whole percents. */
  readonly mirrorPercent: number | undefined
  /** Percent; undefined: 100. */
  readonly mirrorPercentage: number | undefined
  readonly corsPolicy: CorsPolicy | undefined
  readonly headers: HeaderChanges
}

/** What a rule does with a request. A valid rule takes exactly one action. */
export type HttpAction =
  | { readonly kind: 'route'; readonly destinations: readonly HttpRouteDestination[] }
  | { readonly kind: 'redirect'; readonly redirect: HttpRedirect }
  | { readonly kind: 'direct response'; readonly response: HttpDirectResponse }
  | { readonly kind: 'delegate'; readonly name: string; readonly namespace: string }

/** The action of a valid rule; undefined where none is written. */
export function actionOf(rule: HttpRoute): HttpAction | undefined {
  if (rule.delegate !== undefined) return { kind: 'delegate', ...rule.delegate }
  if (rule.redirect !== undefined) return { kind: 'redirect', redirect: rule.redirect }
  if (rule.directResponse !== undefined) return { kind: 'direct response', response: rule.directResponse }
  return rule.route.length === 0 ? undefined : { kind: 'route', destinations: rule.route }
}

/** Where a request comes from: what matches of all three protocols share. */
export interface SourceMatch {
  /** undefined: every port */
  readonly port: number | undefined
  readonly sourceLabels: Readonly<Record<string, string>>
  /** "": every namespace */
  readonly sourceNamespace: string
  /** Empty: those of the virtual service. */
  readonly gateways: readonly string[]
}

/** All that is written must hold. */
export interface HttpMatch extends SourceMatch {
  readonly name: string
  readonly uri: StringMatch | undefined
  readonly scheme: StringMatch | undefined
  readonly method: StringMatch | undefined
  readonly authority: StringMatch | undefined
  readonly headers: Readonly<Record<string, StringMatch>>
  readonly withoutHeaders: Readonly<Record<string, StringMatch>>
  readonly queryParams: Readonly<Record<string, StringMatch>>
  /** For exact and prefix only. */
  readonly ignoreUriCase: boolean
  readonly statPrefix: string
}

export interface RouteDestination {
  /** undefined: left out, which is an error */
  readonly destination: Destination | undefined
  /** Relative to the others; one destination alone gets everything. */
  readonly weight: number
}

export interface HttpRouteDestination extends RouteDestination {
  readonly headers: HeaderChanges
}

export interface HeaderOperations {
  readonly set: Readonly<Record<string, string>>
  readonly add: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

export interface HeaderChanges {
  readonly request: HeaderOperations
  readonly response: HeaderOperations
}

/** Which port a redirect names: a number, or one derived from the protocol or the request. */
export type RedirectPort =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT' }

export interface HttpRedirect {
  readonly uri: string
  readonly prefixRewrite: string
  readonly authority: string
  readonly port: RedirectPort | undefined
  readonly scheme: string
  /** 0: 301 */
  readonly redirectCode: number
}

export interface HttpDirectResponse {
  readonly status: number
  readonly body: Uint8Array | undefined
}

export interface HttpRewrite {
  readonly uri: string
  readonly authority: string
  readonly uriRegexRewrite: { readonly match: string; readonly rewrite: string } | undefined
}

export interface HttpRetry {
  /** 0: no retries */
  readonly attempts: number
  /** undefined: the route's timeout */
  readonly perTryTimeoutMs: number | undefined
  /** Conditions, separated by commas; "" is Envoy's choice of Istio. */
  readonly retryOn: string
  readonly retryRemoteLocalities: boolean | undefined
  /** undefined: true */
  readonly retryIgnorePreviousHosts: boolean | undefined
  /** undefined: 25 */
  readonly backoffMs: number | undefined
}

/** Whom a fault hits: `percentage` undefined hits nobody (spec 10.1). */
export interface HttpFault {
  readonly delay: HttpDelay | undefined
  readonly abort: HttpAbort | undefined
}

export interface HttpDelay {
  readonly delay:
    | { readonly kind: 'fixed'; readonly durationMs: number }
    /** Istio refuses it. */
    | { readonly kind: 'exponential' }
    | undefined
  readonly percentage: number | undefined
  /** Deprecated: whole percents. */
  readonly percent: number
}

export interface HttpAbort {
  readonly error:
    | { readonly kind: 'http status'; readonly status: number }
    | { readonly kind: 'grpc status'; readonly status: string }
    /** Istio refuses it. */
    | { readonly kind: 'http2 error' }
    | undefined
  readonly percentage: number | undefined
  /** Of Istio 1.0: whole percents. */
  readonly percent: number
}

export interface HttpMirror {
  readonly destination: Destination | undefined
  /** undefined: 100 */
  readonly percentage: number | undefined
}

export interface CorsPolicy {
  readonly allowOrigins: readonly StringMatch[]
  /** Deprecated: exact origins. */
  readonly allowOrigin: readonly string[]
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAgeMs: number | undefined
  readonly allowCredentials: boolean | undefined
  readonly unmatchedPreflights: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE'
}

export interface TlsRoute {
  /** Any of them. */
  readonly match: readonly TlsMatch[]
  readonly route: readonly RouteDestination[]
}

export interface TlsMatch extends SourceMatch {
  readonly sniHosts: readonly string[]
  readonly destinationSubnets: readonly string[]
}

export interface TcpRoute {
  /** Any of them; none: every connection. */
  readonly match: readonly TcpMatch[]
  readonly route: readonly RouteDestination[]
}

export interface TcpMatch extends SourceMatch {
  readonly destinationSubnets: readonly string[]
  /** Deprecated, and without effect. */
  readonly sourceSubnet: string
}
