import {
  type DirectResponseAction,
  type RedirectAction,
  RedirectAction_RedirectResponseCode,
  type RetryPolicy as RetryPolicyMessage,
  type RouteAction as RouteActionMessage,
} from '#xds/gen/envoy/config/route/v3/route_components_pb.js'
import { decodeWeightedClusters } from './decode-weighted-clusters.ts'
import type { DirectResponse, Redirect, RetryPolicy, RouteAction } from './model.ts'
import type { Place } from './place.ts'

const DEFAULT_TIMEOUT_MS = 15_000
/** Fields that our generated types leave out and that must not be ignored (route_components.proto). */
const REFUSED_FIELDS = { 13: 'rate_limits', 39: 'inline_cluster_specifier_plugin' }

const REDIRECT_STATUS: Readonly<Record<RedirectAction_RedirectResponseCode, number>> = {
  [RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY]: 301,
  [RedirectAction_RedirectResponseCode.FOUND]: 302,
  [RedirectAction_RedirectResponseCode.SEE_OTHER]: 303,
  [RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT]: 307,
  [RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT]: 308,
}

/** Undefined, and errors, when it names no cluster. */
export function decodeRouteAction(action: RouteActionMessage, place: Place): RouteAction | undefined {
  place.refuseUnknown(action, REFUSED_FIELDS)
  place.refuseSet({
    metadata_match: action.metadataMatch !== undefined,
    regex_rewrite: action.regexRewrite !== undefined,
    path_rewrite_policy: action.pathRewritePolicy !== undefined,
  })
  if (action.requestMirrorPolicies.length > 0) place.at('request_mirror_policies').note('has no effect')
  if (action.hashPolicy.length > 0) place.at('hash_policy').note('has no effect')
  const clusters = decodeClusters(action, place)
  const hostRewrite = decodeHostRewrite(action.hostRewriteSpecifier, place)
  if (clusters === undefined) return undefined
  return {
    kind: 'route',
    clusters,
    timeoutMs: place.at('timeout').durationMs(action.timeout, DEFAULT_TIMEOUT_MS),
    retry: action.retryPolicy && decodeRetryPolicy(action.retryPolicy, place.at('retry_policy')),
    prefixRewrite: action.prefixRewrite === '' ? undefined : action.prefixRewrite,
    hostRewrite,
  }
}

function decodeClusters({ clusterSpecifier }: RouteActionMessage, place: Place): RouteAction['clusters'] | undefined {
  if (clusterSpecifier.case === 'cluster') return [{ name: clusterSpecifier.value, weight: 1 }]
  if (clusterSpecifier.case === 'weightedClusters') {
    for (const [index, weighted] of clusterSpecifier.value.clusters.entries())
      place.at(`weighted_clusters.clusters[${index}]`).refuseSet({
        cluster_header: weighted.clusterHeader !== '',
        host_rewrite_literal: weighted.hostRewriteSpecifier.case !== undefined,
        request_headers_to_add: weighted.requestHeadersToAdd.length > 0,
        request_headers_to_remove: weighted.requestHeadersToRemove.length > 0,
        response_headers_to_add: weighted.responseHeadersToAdd.length > 0,
        response_headers_to_remove: weighted.responseHeadersToRemove.length > 0,
      })
    return decodeWeightedClusters(clusterSpecifier.value.clusters, place.at('weighted_clusters'))
  }
  place.error('neither cluster nor weighted_clusters is set')
  return undefined
}

function decodeHostRewrite(specifier: RouteActionMessage['hostRewriteSpecifier'], place: Place): string | undefined {
  if (specifier.case === 'hostRewriteLiteral') return specifier.value
  if (specifier.case === 'autoHostRewrite' && !specifier.value.value) return undefined
  if (specifier.case !== undefined) place.error(`${specifier.case} is not supported: host_rewrite_literal is`)
  return undefined
}

function decodeRetryPolicy(policy: RetryPolicyMessage, place: Place): RetryPolicy {
  if (policy.retriableHeaders.length > 0) place.at('retriable_headers').note('has no effect')
  return {
    retryOn: new Set(policy.retryOn.split(',').filter((condition) => condition !== '')),
    retriableStatusCodes: policy.retriableStatusCodes,
    numRetries: policy.numRetries ?? 1,
    perTryTimeoutMs: place.at('per_try_timeout').durationMs(policy.perTryTimeout, 0),
  }
}

export function decodeDirectResponse({ status, body }: DirectResponseAction, place: Place): DirectResponse {
  if (status < 200 || status > 599) place.at('status').error(`must be from 200 to 599, is ${status}`)
  const source = body?.specifier
  const text = source?.case === 'inlineBytes' ? new TextDecoder().decode(source.value) : source?.value
  const inline = source === undefined || source.case === 'inlineString' || source.case === 'inlineBytes'
  if (!inline && source.case !== undefined) place.at('body').error('only inline_string and inline_bytes are supported')
  return { kind: 'direct_response', status, body: inline ? (text ?? '') : '' }
}

export function decodeRedirect(redirect: RedirectAction, place: Place): Redirect {
  const { pathRewriteSpecifier: path, schemeRewriteSpecifier: scheme } = redirect
  place.refuseSet({
    port_redirect: redirect.portRedirect !== 0,
    strip_query: redirect.stripQuery,
    prefix_rewrite: path.case === 'prefixRewrite',
    regex_rewrite: path.case === 'regexRewrite',
  })
  const toHttps = scheme.case === 'httpsRedirect' && scheme.value
  return {
    kind: 'redirect',
    status: REDIRECT_STATUS[redirect.responseCode] ?? 301,
    host: redirect.hostRedirect === '' ? undefined : redirect.hostRedirect,
    path: path.case === 'pathRedirect' ? path.value : undefined,
    scheme: scheme.case === 'schemeRedirect' ? scheme.value : toHttps ? 'https' : undefined,
  }
}
