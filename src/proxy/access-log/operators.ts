import { formatHostPort } from '#base/host-port.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { compileTimeFormat, isoTimeFormat } from './time-format.ts'

/** What an operator yields: null is "not there" ("-" in text, null in JSON). */
export type LogValue = string | number | null

/** Reads one operator's value from a finished connection or request. */
export type ReadValue = (info: StreamInfo) => LogValue

/** What the process knows that a StreamInfo does not. */
export interface LogContext {
  /** %HOSTNAME% */
  readonly hostname: string
  /** %ENVIRONMENT(X)%; default: none */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** An operator resolved, or the text of why it cannot be (for the NACK). */
export type ResolvedOperator =
  | {
      readonly read: ReadValue
      /** Nothing in the value ever needs an escape; default false. */
      readonly own?: boolean
      /** A string's characters are bytes of a header, of whatever encoding; default false. */
      readonly bytes?: boolean
    }
  | { readonly fault: string }

/** Resolves one `%NAME(argument)%`; `argument` is undefined without parentheses. */
export function resolveOperator(name: string, argument: string | undefined, context: LogContext): ResolvedOperator {
  const plain = PLAIN[name]
  if (plain !== undefined) {
    return argument === undefined
      ? { read: plain, own: OWN.has(name) }
      : { fault: `operator "${name}" takes no argument, got "${argument}"` }
  }
  if (NEVER_KNOWN.has(name)) return { read: () => null }
  const withArgument = WITH_ARGUMENT[name]
  return withArgument === undefined ? { fault: `unknown operator "${name}"` } : withArgument(argument, name, context)
}

const PLAIN: Readonly<Record<string, ReadValue>> = {
  DURATION: (info) => (info.endMs > 0 ? Math.max(0, Math.floor(info.endMs - info.startMs)) : null),
  PROTOCOL: (info) => info.protocol || null,
  RESPONSE_CODE: (info) => info.responseCode,
  RESPONSE_CODE_DETAILS: (info) => info.responseCodeDetails || null,
  RESPONSE_FLAGS: (info) => flags(info.responseFlags),
  RESPONSE_FLAGS_LONG: (info) => flags(info.responseFlags.map((flag) => LONG_FLAGS[flag] ?? flag)),
  CONNECTION_TERMINATION_DETAILS: (info) => info.connectionTerminationDetails || null,
  BYTES_RECEIVED: (info) => info.bytesReceived,
  BYTES_SENT: (info) => info.bytesSent,
  UPSTREAM_TRANSPORT_FAILURE_REASON: (info) => info.upstreamTransportFailureReason || null,
  UPSTREAM_CLUSTER: (info) => info.upstreamCluster || null,
  UPSTREAM_CLUSTER_RAW: (info) => info.upstreamCluster || null,
  UPSTREAM_HOST: address(
    (info) => info.upstreamHostAddress,
    (info) => info.upstreamHostPort,
  ),
  UPSTREAM_REMOTE_ADDRESS: address(
    (info) => info.upstreamHostAddress,
    (info) => info.upstreamHostPort,
  ),
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.upstreamHostAddress || null,
  UPSTREAM_REMOTE_PORT: (info) => info.upstreamHostPort || null,
  UPSTREAM_LOCAL_ADDRESS: address(
    (info) => info.upstreamLocalAddress,
    (info) => info.upstreamLocalPort,
  ),
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (info) => info.upstreamLocalAddress || null,
  UPSTREAM_LOCAL_PORT: (info) => info.upstreamLocalPort || null,
  DOWNSTREAM_LOCAL_ADDRESS: address(
    (info) => info.downstreamLocalAddress,
    (info) => info.downstreamLocalPort,
  ),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (info) => info.downstreamLocalAddress || null,
  DOWNSTREAM_LOCAL_PORT: (info) => info.downstreamLocalPort || null,
  DOWNSTREAM_REMOTE_ADDRESS: address(
    (info) => info.downstreamRemoteAddress,
    (info) => info.downstreamRemotePort,
  ),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.downstreamRemoteAddress || null,
  DOWNSTREAM_REMOTE_PORT: (info) => info.downstreamRemotePort || null,
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: address(
    (info) => info.downstreamRemoteAddress,
    (info) => info.downstreamRemotePort,
  ),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.downstreamRemoteAddress || null,
  DOWNSTREAM_DIRECT_REMOTE_PORT: (info) => info.downstreamRemotePort || null,
  REQUESTED_SERVER_NAME: (info) => info.requestedServerName || null,
  ROUTE_NAME: (info) => info.routeName || null,
  GRPC_STATUS_NUMBER: (info) => numberOf(info.headers?.responseHeader('grpc-status')),
}

/** Texts that the proxy made itself, of digits, letters and the punctuation of addresses. */
const OWN: ReadonlySet<string> = new Set(
  `RESPONSE_FLAGS RESPONSE_FLAGS_LONG UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT
   DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT
   DOWNSTREAM_DIRECT_REMOTE_ADDRESS DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT`.split(/\s+/),
)

/** Operators of Envoy whose value our proxy never has (certificates of peers, metadata, tracing): accepted, always "-". */
const NEVER_KNOWN: ReadonlySet<string> = new Set(
  `METADATA DYNAMIC_METADATA CLUSTER_METADATA UPSTREAM_METADATA FILTER_STATE UPSTREAM_FILTER_STATE TRAILER GRPC_STATUS
   VIRTUAL_CLUSTER_NAME LOCAL_REPLY_BODY FILTER_CHAIN_NAME CONNECTION_ID UPSTREAM_CONNECTION_ID STREAM_ID UNIQUE_ID TRACE_ID SPAN_ID
   ACCESS_LOG_TYPE CUSTOM_FLAGS UPSTREAM_PROTOCOL UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_HOST_NAME UPSTREAM_HOST_NAME_WITHOUT_PORT
   REQUEST_DURATION REQUEST_TX_DURATION RESPONSE_DURATION RESPONSE_TX_DURATION COMMON_DURATION ROUNDTRIP_DURATION
   DOWNSTREAM_HANDSHAKE_DURATION UPSTREAM_CONNECTION_POOL_READY_DURATION DOWNSTREAM_TRANSPORT_FAILURE_REASON
   DOWNSTREAM_DETECTED_CLOSE_TYPE UPSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_LOCAL_CLOSE_REASON UPSTREAM_LOCAL_CLOSE_REASON
   REQUEST_HEADERS_BYTES RESPONSE_HEADERS_BYTES RESPONSE_TRAILERS_BYTES DOWNSTREAM_WIRE_BYTES_SENT DOWNSTREAM_WIRE_BYTES_RECEIVED
   DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_HEADER_BYTES_RECEIVED UPSTREAM_WIRE_BYTES_SENT UPSTREAM_WIRE_BYTES_RECEIVED
   UPSTREAM_HEADER_BYTES_SENT UPSTREAM_HEADER_BYTES_RECEIVED TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT
   DOWNSTREAM_TLS_VERSION DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN
   DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_PEER_DNS_SAN
   DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_CERT DOWNSTREAM_PEER_CERT_V_START DOWNSTREAM_PEER_CERT_V_END
   DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_FINGERPRINT_256 UPSTREAM_TLS_VERSION UPSTREAM_TLS_CIPHER UPSTREAM_TLS_SESSION_ID
   UPSTREAM_LOCAL_SUBJECT UPSTREAM_LOCAL_URI_SAN UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_ISSUER UPSTREAM_PEER_URI_SAN
   UPSTREAM_PEER_DNS_SAN UPSTREAM_PEER_CERT`.split(/\s+/),
)

type ResolveArgument = (argument: string | undefined, name: string, context: LogContext) => ResolvedOperator

const WITH_ARGUMENT: Readonly<Record<string, ResolveArgument>> = {
  REQ: (argument, name) => headerOperator(argument, name, requestValue),
  RESP: (argument, name) => headerOperator(argument, name, responseValue),
  REQ_WITHOUT_QUERY: (argument, name) => headerOperator(argument, name, requestValue, withoutQuery),
  START_TIME: startTime,
  HOSTNAME: (_argument, _name, context) => ({ read: () => context.hostname || null }),
  ENVIRONMENT: (argument, name, context) => {
    if (!argument) return { fault: `operator "${name}" needs the name of a variable, e.g. %ENVIRONMENT(HOME)%` }
    const value = context.environment?.[argument] ?? null
    return { read: () => value }
  },
}

function startTime(argument: string | undefined): ResolvedOperator {
  if (argument === undefined || argument === '') {
    const iso = isoTimeFormat()
    return { read: (info) => iso(info.startTimeMs), own: true }
  }
  const compiled = compileTimeFormat(argument)
  if ('unknown' in compiled) {
    return { fault: `operator "START_TIME": unknown conversion "${compiled.unknown}" in time format "${argument}"` }
  }
  return { read: (info) => compiled.format(info.startTimeMs) }
}

type ReadHeader = (info: StreamInfo) => string | undefined

/** `X?Y`: the header X, and Y where X is missing. */
function headerOperator(
  argument: string | undefined,
  name: string,
  readerOf: (header: string) => ReadHeader,
  shape: (value: string) => string = (value) => value,
): ResolvedOperator {
  const [first, second, ...more] = (argument ?? '').split('?')
  if (!first || second === '' || more.length > 0) {
    return { fault: `operator "${name}" needs one header or two separated by "?", got "${argument ?? ''}"` }
  }
  const main = readerOf(first.toLowerCase())
  if (second === undefined) return { read: (info) => shaped(main(info), shape), bytes: true }
  const alternative = readerOf(second.toLowerCase())
  return { read: (info) => shaped(main(info) || alternative(info), shape), bytes: true }
}

function shaped(value: string | undefined, shape: (value: string) => string): LogValue {
  return value ? shape(value) : null
}

function requestValue(header: string): ReadHeader {
  if (header === ':method') return (info) => info.method
  if (header === ':path') return (info) => info.path
  if (header === ':authority' || header === 'host') return (info) => info.authority
  return (info) => info.headers?.header(header)
}

function responseValue(header: string): ReadHeader {
  if (header === ':status') return (info) => (info.responseCode > 0 ? String(info.responseCode) : undefined)
  if (header === 'x-envoy-upstream-service-time') {
    return (info) => (info.upstreamServiceTimeMs >= 0 ? String(Math.floor(info.upstreamServiceTimeMs)) : undefined)
  }
  return (info) => info.headers?.responseHeader(header)
}

function withoutQuery(value: string): string {
  const query = value.indexOf('?')
  return query < 0 ? value : value.slice(0, query)
}

function flags(set: readonly string[]): string | null {
  if (set.length === 0) return '-'
  return set.length === 1 ? (set[0] ?? null) : set.join(',')
}

/** "1.2.3.4:80", "[::1]:80"; a Unix socket (port 0) is its path. What was asked last is often asked again. */
function address(hostOf: (info: StreamInfo) => string, portOf: (info: StreamInfo) => number): ReadValue {
  let lastHost = ''
  let lastPort = 0
  let last: LogValue = null
  return (info) => {
    const host = hostOf(info)
    const port = portOf(info)
    if (host === lastHost && port === lastPort) return last
    lastHost = host
    lastPort = port
    last = host === '' ? null : port === 0 && host.startsWith('/') ? host : formatHostPort(host, port)
    return last
  }
}

function numberOf(text: string | undefined): LogValue {
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text)
}

/** Spec 5.2. */
const LONG_FLAGS: Readonly<Record<string, string>> = {
  LH: 'FailedLocalHealthCheck',
  UH: 'NoHealthyUpstream',
  UT: 'UpstreamRequestTimeout',
  LR: 'LocalReset',
  UR: 'UpstreamRemoteReset',
  UF: 'UpstreamConnectionFailure',
  UC: 'UpstreamConnectionTermination',
  UO: 'UpstreamOverflow',
  NR: 'NoRouteFound',
  DI: 'DelayInjected',
  FI: 'FaultInjected',
  RL: 'RateLimited',
  UAEX: 'UnauthorizedExternalService',
  RLSE: 'RateLimitServiceError',
  DC: 'DownstreamConnectionTermination',
  URX: 'UpstreamRetryLimitExceeded',
  SI: 'StreamIdleTimeout',
  IH: 'InvalidEnvoyRequestHeaders',
  DPE: 'DownstreamProtocolError',
  UMSDR: 'UpstreamMaxStreamDurationReached',
  RFCF: 'ResponseFromCacheFilter',
  NFCF: 'NoFilterConfigFound',
  DT: 'DurationTimeout',
  UPE: 'UpstreamProtocolError',
  NC: 'NoClusterFound',
  OM: 'OverloadManagerTerminated',
  DF: 'DnsResolutionFailed',
  DO: 'DropOverload',
}
