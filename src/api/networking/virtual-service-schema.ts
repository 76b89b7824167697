import { durationMs } from '#api/duration.ts'
import {
  boolean,
  type Decode,
  described,
  list,
  mapOf,
  message,
  optional,
  required,
  string,
  uint32,
  writtenAs,
} from '#api/schema/decode.ts'
import { decodeDestination } from './destination.ts'
import {
  decodeHeaderChanges,
  decodeHttpDirectResponse,
  decodeHttpRedirect,
  decodeHttpRewrite,
  decodeHttpRouteDestination,
  decodeWeight,
} from './http-action-schema.ts'
import { decodeCorsPolicy, decodeHttpFault, decodeHttpRetry, decodePercent } from './http-policy-schema.ts'
import { decodeStringMatch, type StringMatch } from './string-match.ts'
import type {
  HttpMatch,
  HttpMirror,
  HttpRoute,
  RouteDestination,
  SourceMatch,
  TcpMatch,
  TcpRoute,
  TlsMatch,
  TlsRoute,
  VirtualServiceSpec,
} from './virtual-service.ts'

/** Fields and defaults of a VirtualService's spec (spec 1.3). */

const SOURCE_FIELDS: { readonly [K in keyof SourceMatch]: Decode<SourceMatch[K]> } = {
  port: described('Port that is called.', optional(uint32)),
  sourceLabels: described('Labels that the calling workload has.', mapOf(string())),
  sourceNamespace: described('Namespace of the calling workload.', string()),
  gateways: described(
    'Gateways for which this condition holds; those of the virtual service when absent.',
    list(string()),
  ),
}

function headerMatches(description: string): Decode<Readonly<Record<string, StringMatch>>> {
  const nullText = (name: string) => `header match ${name} cannot be null`
  return described(description, mapOf(decodeStringMatch, Number.POSITIVE_INFINITY, nullText))
}

const decodeHttpMatch = message<HttpMatch>({
  name: described('Name of the condition, for logs.', string()),
  uri: described('Path of the request.', optional(decodeStringMatch)),
  scheme: described('Scheme of the request.', optional(decodeStringMatch)),
  method: described('Method of the request.', optional(decodeStringMatch)),
  authority: described('Host of the request.', optional(decodeStringMatch)),
  headers: headerMatches('Headers of the request, by lower-case name; an empty match asks that the header be there.'),
  withoutHeaders: headerMatches('Headers that the request does not have, or not with such a value.'),
  queryParams: described('Query parameters of the request, by name.', mapOf(decodeStringMatch)),
  ignoreUriCase: described('Whether the path is compared without regard to case; exact and prefix only.', boolean),
  statPrefix: described('Prefix of the statistics of these requests.', string()),
  ...SOURCE_FIELDS,
})

const decodeMirror = message<HttpMirror>({
  destination: described('Where the copy is sent; its answer is ignored.', required(optional(decodeDestination))),
  percentage: described('How many requests are copied; all when absent.', optional(decodePercent)),
})

const decodeHttpRoute = message<HttpRoute>({
  name: described('Name of the rule, for logs.', string()),
  match: described(
    'Requests the rule is for: any of these conditions; every request when absent.',
    list(decodeHttpMatch),
  ),
  route: described(
    'Where requests are sent, by weight.',
    list(decodeHttpRouteDestination, { nullText: 'weight may not be nil' }),
  ),
  redirect: described('Answers with a redirect.', optional(decodeHttpRedirect)),
  directResponse: described('Answers without asking anyone.', optional(decodeHttpDirectResponse)),
  delegate: described(
    'Leaves the decision to another VirtualService, which has no hosts.',
    optional(
      message({
        name: described('Name of the other VirtualService.', string()),
        namespace: described('Its namespace; that of this object when absent.', string()),
      }),
    ),
  ),
  rewrite: described('Changes path or host before the request goes on.', optional(decodeHttpRewrite)),
  timeoutMs: writtenAs(
    'timeout',
    described('Longest time for the whole request, such as 10s; no limit when absent.', durationMs),
  ),
  retries: described('How failed requests are tried again.', optional(decodeHttpRetry)),
  fault: described('Faults put in on purpose.', optional(decodeHttpFault)),
  mirror: described('Where a copy of each request is sent.', optional(decodeDestination)),
  mirrors: described('Several places where copies of requests are sent.', list(decodeMirror)),
  mirrorPercent: described('Deprecated: how many requests are copied, in whole percents.', optional(uint32)),
  mirrorPercentage: described('How many requests are copied to mirror; all when absent.', optional(decodePercent)),
  corsPolicy: described('Which pages of other origins may call.', optional(decodeCorsPolicy)),
  headers: described('Headers changed in requests and responses.', decodeHeaderChanges),
})

const decodeRouteDestination = message<RouteDestination>({
  destination: described('Where the connection is sent.', required(optional(decodeDestination))),
  weight: decodeWeight,
})

const decodeRoutes = described(
  'Where connections are sent, by weight.',
  list(decodeRouteDestination, { nullText: 'weight may not be nil' }),
)

const decodeSubnets = described('Addresses or CIDR blocks that are called.', list(string()))

const decodeTlsRoute = message<TlsRoute>({
  match: described(
    'Connections the rule is for: any of these conditions.',
    required(
      list(
        message<TlsMatch>({
          sniHosts: described('Server names that the client asks for.', required(list(string()))),
          destinationSubnets: decodeSubnets,
          ...SOURCE_FIELDS,
        }),
      ),
    ),
  ),
  route: decodeRoutes,
})

const decodeTcpRoute = message<TcpRoute>({
  match: described(
    'Connections the rule is for: any of these conditions; every connection when absent.',
    list(
      message<TcpMatch>({
        destinationSubnets: decodeSubnets,
        sourceSubnet: described('Deprecated, and without effect.', string()),
        ...SOURCE_FIELDS,
      }),
    ),
  ),
  route: decodeRoutes,
})

export const decodeVirtualServiceSpec = message<VirtualServiceSpec>({
  hosts: described('Hosts that the rules are for; none in a delegate.', list(string())),
  gateways: described('Gateways that apply the rules; mesh, the default, is every sidecar.', list(string())),
  http: described('Rules for HTTP, the first that matches decides.', list(decodeHttpRoute)),
  tls: described('Rules for TLS that is passed through, told by server name.', list(decodeTlsRoute)),
  tcp: described('Rules for other connections.', list(decodeTcpRoute)),
  exportTo: described('Namespaces that see these rules: . is its own, * all.', list(string())),
})
