import { durationMs } from '#api/duration.ts'
import { decodeStringMatch, type StringMatch } from '#api/networking/string-match.ts'
import {
  anything,
  boolean,
  described,
  double,
  int32,
  list,
  mapOf,
  message,
  optional,
  string,
} from '#api/schema/decode.ts'
import type { KubeObject } from '#kube/object.ts'
import { decodeIstioService, type IstioService } from './istio-service.ts'

/** One of the places that a route sends to. */
export interface DestinationWeight {
  /** undefined: the destination of the rule. */
  readonly destination: IstioService | undefined
  readonly labels: Readonly<Record<string, string>>
  /** 0 to 100; all weights of a rule make 100, and a single one may be left out. */
  readonly weight: number
}

/** Connections that a rule is about. */
export interface L4Match {
  readonly sourceSubnet: readonly string[]
  readonly destinationSubnet: readonly string[]
}

export interface RouteRuleMatch {
  readonly source: IstioService | undefined
  /** By header, with `uri`, `scheme`, `method` and `authority` among them. */
  readonly request: { readonly headers: Readonly<Record<string, StringMatch>> } | undefined
  readonly tcp: L4Match | undefined
  readonly udp: L4Match | undefined
}

interface HttpFault {
  readonly delay:
    | {
        readonly percent: number
        readonly fixedDelay: number | undefined
        readonly exponentialDelay: number | undefined
        readonly overrideHeaderName: string
      }
    | undefined
  readonly abort:
    | {
        readonly percent: number
        readonly httpStatus: number | undefined
        readonly grpcStatus: string
        readonly http2Error: string
        readonly overrideHeaderName: string
      }
    | undefined
}

export interface LegacyCorsPolicy {
  readonly allowOrigin: readonly string[]
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAge: number | undefined
  readonly allowCredentials: boolean | undefined
}

/** spec of a RouteRule (config.istio.io/v1alpha2, Istio 0.2 to 0.8), decoded; durations in milliseconds (spec 2.3). */
export interface RouteRuleSpec {
  readonly destination: IstioService | undefined
  /** The rule of the highest precedence whose match fits is the one that counts. */
  readonly precedence: number
  readonly match: RouteRuleMatch | undefined
  readonly route: readonly DestinationWeight[]
  readonly redirect: { readonly uri: string; readonly authority: string } | undefined
  readonly rewrite: { readonly uri: string; readonly authority: string } | undefined
  readonly websocketUpgrade: boolean
  readonly httpReqTimeout:
    | {
        readonly simpleTimeout:
          | { readonly timeout: number | undefined; readonly overrideHeaderName: string }
          | undefined
      }
    | undefined
  readonly httpReqRetries:
    | {
        readonly simpleRetry:
          | {
              readonly attempts: number
              readonly perTryTimeout: number | undefined
              readonly overrideHeaderName: string
            }
          | undefined
      }
    | undefined
  readonly httpFault: HttpFault | undefined
  readonly l4Fault: unknown
  readonly corsPolicy: LegacyCorsPolicy | undefined
  readonly mirror: IstioService | undefined
  readonly appendHeaders: Readonly<Record<string, string>>
}

export type RouteRule = KubeObject<RouteRuleSpec>

const overrideHeaderName = described('A request header that tells another value.', string())
const percent = described('How many of a hundred requests.', double)

const decodeL4Match = message<L4Match>({
  sourceSubnet: described('Addresses that the connection comes from.', list(string())),
  destinationSubnet: described('Addresses that the connection goes to.', list(string())),
})

const decodeMatch = message<RouteRuleMatch>({
  source: described('Workloads that call.', optional(decodeIstioService)),
  request: described(
    'Requests, by their headers.',
    optional(message({ headers: described('What each of them must be.', mapOf(decodeStringMatch)) })),
  ),
  tcp: described('TCP connections.', optional(decodeL4Match)),
  udp: described('Was never implemented.', optional(decodeL4Match)),
})

const decodeRoute = list(
  message<DestinationWeight>({
    destination: described('Another service than that of the rule.', optional(decodeIstioService)),
    labels: described('Its workloads that are meant.', mapOf(string())),
    weight: described('Of a hundred requests, how many go there.', int32),
  }),
)

const decodeTimeout = message({
  simpleTimeout: described(
    'One time for all requests.',
    optional(message({ timeout: described('How long a request may take.', durationMs), overrideHeaderName })),
  ),
})

const decodeRetries = message({
  simpleRetry: described(
    'One way for all requests.',
    optional(
      message({
        attempts: described('How often a failed request is tried again.', int32),
        perTryTimeout: described('How long each try may take.', durationMs),
        overrideHeaderName,
      }),
    ),
  ),
})

const decodeHttpFault = message<HttpFault>({
  delay: described(
    'Requests that wait.',
    optional(
      message({
        percent,
        fixedDelay: described('How long they wait.', durationMs),
        exponentialDelay: described('Was never implemented.', durationMs),
        overrideHeaderName,
      }),
    ),
  ),
  abort: described(
    'Requests that are answered in place of the service.',
    optional(
      message({
        percent,
        httpStatus: described('The status that they get.', optional(int32)),
        grpcStatus: described('Was never implemented.', string()),
        http2Error: described('Was never implemented.', string()),
        overrideHeaderName,
      }),
    ),
  ),
})

const decodeCorsPolicy = message<LegacyCorsPolicy>({
  allowOrigin: described('Origins that may read answers.', list(string())),
  allowMethods: described('Methods that they may use.', list(string())),
  allowHeaders: described('Headers that they may send.', list(string())),
  exposeHeaders: described('Headers that they may read.', list(string())),
  maxAge: described('How long this may be remembered.', durationMs),
  allowCredentials: described('Whether cookies may be sent.', optional(boolean)),
})

const decodeUris = message({
  uri: described('The path.', string()),
  authority: described('The host.', string()),
})

export const decodeRouteRuleSpec = message<RouteRuleSpec>({
  destination: described('The service whose calls the rule is about.', optional(decodeIstioService)),
  precedence: described('Of the rules of a service that fit, the one with the highest counts.', int32),
  match: described('The calls that the rule is about; all of them unless given.', optional(decodeMatch)),
  route: described('Where they go.', decodeRoute),
  redirect: described('Where clients are sent instead.', optional(decodeUris)),
  rewrite: described('What the request becomes before it goes on.', optional(decodeUris)),
  websocketUpgrade: described('Whether WebSockets are let through.', boolean),
  httpReqTimeout: described('How long requests may take.', optional(decodeTimeout)),
  httpReqRetries: described('How failed requests are tried again.', optional(decodeRetries)),
  httpFault: described('Faults that are made up for tests.', optional(decodeHttpFault)),
  l4Fault: described('Was never implemented.', anything),
  corsPolicy: described('Which other origins may read answers.', optional(decodeCorsPolicy)),
  mirror: described('A service that gets a copy of each request.', optional(decodeIstioService)),
  appendHeaders: described('Headers that are added to requests.', mapOf(string())),
})
