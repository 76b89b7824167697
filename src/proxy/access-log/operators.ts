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
      /** Always null: an operator of Envoy's whose value our proxy does not have; default false. */
      readonly neverKnown?: boolean
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
  if (NEVER_KNOWN.has(name)) return { read: () => null, neverKnown: true }
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
  UPSTREAM_HOST: (info) => info.upstreamHost.text || null,
  UPSTREAM_REMOTE_ADDRESS: (info) => info.upstreamHost.text || null,
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.upstreamHost.address || null,
  UPSTREAM_REMOTE_PORT: (info) => info.upstreamHost.port || null,
  UPSTREAM_LOCAL_ADDRESS: (info) => info.upstreamLocal.text || null,
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (info) => info.upstreamLocal.address || null,
  UPSTREAM_LOCAL_PORT: (info) => info.upstreamLocal.port || null,
  DOWNSTREAM_LOCAL_ADDRESS: (info) => info.downstreamLocal.text || null,
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (info) => info.downstreamLocal.address || null,
  DOWNSTREAM_LOCAL_PORT: (info) => info.downstreamLocal.port || null,
  DOWNSTREAM_REMOTE_ADDRESS: (info) => info.downstreamRemote.text || null,
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.downstreamRemote.address || null,
  DOWNSTREAM_REMOTE_PORT: (info) => info.downstreamRemote.port || null,
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: (info) => info.downstreamRemote.text || null,
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.downstreamRemote.address || null,
  DOWNSTREAM_DIRECT_REMOTE_PORT: (info) => info.downstreamRemote.port || null,
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
  `METADATA DYNAMIC_METADATA CLUSTER_METADATA UPSTREAM_METADATA FILTER_STATE UPSTREAM_FILTER_STATE TRAILER REQUEST_TRAILER RESPONSE_TRAILER
   GRPC_STATUS CEL COALESCE
   VIRTUAL_CLUSTER_NAME LOCAL_REPLY_BODY FILTER_CHAIN_NAME CONNECTION_ID UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED
   STREAM_ID UNIQUE_ID TRACE_ID SPAN_ID ACCESS_LOG_TYPE CUSTOM_FLAGS UPSTREAM_PROTOCOL UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_SERVER_NAME
   UPSTREAM_HOST_NAME UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_HOSTS_ATTEMPTED UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT
   UPSTREAM_HOST_NAMES_ATTEMPTED UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID
   REQUEST_DURATION REQUEST_TX_DURATION RESPONSE_DURATION RESPONSE_TX_DURATION COMMON_DURATION ROUNDTRIP_DURATION
   DOWNSTREAM_HANDSHAKE_DURATION UPSTREAM_CONNECTION_POOL_READY_DURATION DOWNSTREAM_TRANSPORT_FAILURE_REASON
   DOWNSTREAM_DETECTED_CLOSE_TYPE UPSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_LOCAL_CLOSE_REASON UPSTREAM_LOCAL_CLOSE_REASON
   DOWNSTREAM_DIRECT_LOCAL_ADDRESS DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_LOCAL_PORT
   DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID
   REQUEST_HEADERS_BYTES RESPONSE_HEADERS_BYTES RESPONSE_TRAILERS_BYTES DOWNSTREAM_WIRE_BYTES_SENT DOWNSTREAM_WIRE_BYTES_RECEIVED
   DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_HEADER_BYTES_RECEIVED DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT
   DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED UPSTREAM_WIRE_BYTES_SENT UPSTREAM_WIRE_BYTES_RECEIVED
   UPSTREAM_HEADER_BYTES_SENT UPSTREAM_HEADER_BYTES_RECEIVED UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT
   UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED BYTES_RETRANSMITTED PACKETS_RETRANSMITTED TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT
   DOWNSTREAM_TLS_VERSION DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_GROUP DOWNSTREAM_TLS_SESSION_ID
   DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_LOCAL_IP_SAN DOWNSTREAM_LOCAL_EMAIL_SAN
   DOWNSTREAM_LOCAL_OTHERNAME_SAN DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_PEER_DNS_SAN
   DOWNSTREAM_PEER_IP_SAN DOWNSTREAM_PEER_EMAIL_SAN DOWNSTREAM_PEER_OTHERNAME_SAN DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_CERT
   DOWNSTREAM_PEER_CERT_V_START DOWNSTREAM_PEER_CERT_V_END DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_FINGERPRINT_256
   DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256 DOWNSTREAM_PEER_CHAIN_SERIALS
   UPSTREAM_TLS_VERSION UPSTREAM_TLS_CIPHER UPSTREAM_TLS_GROUP UPSTREAM_TLS_SESSION_ID UPSTREAM_LOCAL_SUBJECT UPSTREAM_LOCAL_URI_SAN
   UPSTREAM_LOCAL_DNS_SAN UPSTREAM_LOCAL_IP_SAN UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_ISSUER UPSTREAM_PEER_URI_SAN UPSTREAM_PEER_DNS_SAN
   UPSTREAM_PEER_IP_SAN UPSTREAM_PEER_CERT UPSTREAM_PEER_CERT_V_START UPSTREAM_PEER_CERT_V_END`.split(/\s+/),
)

type ResolveArgument = (argument: string | undefined, name: string, context: LogContext) => ResolvedOperator

const WITH_ARGUMENT: Readonly<Record<string, ResolveArgument>> = {
  REQ: (argument, name) => headerOperator(argument, name, requestValue),
  REQUEST_HEADER: (argument, name) => headerOperator(argument, name, requestValue),
  RESP: (argument, name) => headerOperator(argument, name, responseValue),
  RESPONSE_HEADER: (argument, name) => headerOperator(argument, name, responseValue),
  REQ_WITHOUT_QUERY: (argument, name) => headerOperator(argument, name, requestValue, withoutQuery),
  PATH: pathOperator,
  QUERY_PARAM: queryParameter,
  QUERY_PARAMS: (argument, name) =>
    argument === undefined || argument === '' || argument === 'ORIG'
      ? { read: (info) => queryOf(info.path) || null, bytes: true }
      : { fault: `operator "${name}" can show the query as it came only (ORIG), got "${argument}"` },
  START_TIME: (argument, name) => timeOperator(argument, name, (info) => info.startTimeMs),
  EMIT_TIME: (argument, name) => timeOperator(argument, name, () => Date.now()),
  HOSTNAME: (_argument, _name, context) => ({ read: () => context.hostname || null }),
  ENVIRONMENT: (argument, name, context) => {
    if (!argument) return { fault: `operator "${name}" needs the name of a variable, e.g. %ENVIRONMENT(HOME)%` }
    const value = context.environment?.[argument] ?? null
    return { read: () => value }
  },
}

/** @param timeMs since the epoch */
function timeOperator(
  argument: string | undefined,
  name: string,
  timeMs: (info: StreamInfo) => number,
): ResolvedOperator {
  if (argument === undefined || argument === '') {
    const iso = isoTimeFormat()
    return { read: (info) => iso(timeMs(info)), own: true }
  }
  const compiled = compileTimeFormat(argument)
  if ('unknown' in compiled) {
    return { fault: `operator "${name}": unknown conversion "${compiled.unknown}" in time format "${argument}"` }
  }
  return { read: (info) => compiled.format(timeMs(info)) }
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
  if (header === 'x-envoy-upstream-service-time') return serviceTime()
  return (info) => info.headers?.responseHeader(header)
}

/** In whole milliseconds; most are like the one before. */
function serviceTime(): ReadHeader {
  let lastMs = -1
  let text: string | undefined
  return ({ upstreamServiceTimeMs }) => {
    if (upstreamServiceTimeMs !== lastMs) {
      lastMs = upstreamServiceTimeMs
      text = lastMs < 0 ? undefined : String(Math.floor(lastMs))
    }
    return text
  }
}

const ORIGINAL_PATH = 'x-envoy-original-path'

/** `%PATH(WQ|NQ:ORIG|PATH|ORIG_OR_PATH)%`: with or without its query; as it came, as it was sent on, or the first of these that is there. */
function pathOperator(argument: string | undefined, name: string): ResolvedOperator {
  const [query = '', which = ''] = (argument ?? '').split(':')
  if (!['', 'WQ', 'NQ'].includes(query) || !['', 'ORIG', 'PATH', 'ORIG_OR_PATH'].includes(which)) {
    return {
      fault: `operator "${name}" takes WQ or NQ, and behind a ":" ORIG, PATH or ORIG_OR_PATH, got "${argument}"`,
    }
  }
  const names = which === 'PATH' ? ':path' : which === 'ORIG' ? ORIGINAL_PATH : `${ORIGINAL_PATH}?:path`
  return headerOperator(names, name, requestValue, query === 'NQ' ? withoutQuery : undefined)
}

/** `%QUERY_PARAM(X)%`: the first of this name, its escapes resolved where they are whole. */
function queryParameter(argument: string | undefined, name: string): ResolvedOperator {
  if (!argument) return { fault: `operator "${name}" needs the name of a parameter, e.g. %QUERY_PARAM(page)%` }
  const read: ReadValue = ({ path }) => {
    for (const pair of queryOf(path).split('&')) {
      const [key = '', ...value] = pair.split('=')
      if (unescaped(key) === argument) return unescaped(value.join('='))
    }
    return null
  }
  return { read, bytes: true }
}

function queryOf(path: string): string {
  const query = path.indexOf('?')
  return query < 0 ? '' : path.slice(query + 1)
}

/** Each escape is a byte, and so a character of latin-1. */
function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function withoutQuery(value: string): string {
  const query = value.indexOf('?')
  return query < 0 ? value : value.slice(0, query)
}

function flags(set: readonly string[]): string | null {
  if (set.length === 0) return '-'
  return set.length === 1 ? (set[0] ?? null) : set.join(',')
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
