import { duration, durationMs } from '#api/duration.ts'
import { boolean, described, int32, message, oneOf, optional, uint32, writtenAs } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'

/** Limits on connections to a service (spec 1.4). */
export interface ConnectionPool {
  readonly tcp: TcpPool | undefined
  readonly http: HttpPool | undefined
}

export interface TcpPool {
  /** 0: no limit */
  readonly maxConnections: number
  /** undefined: the mesh's, 10 seconds */
  readonly connectTimeoutMs: number | undefined
  readonly tcpKeepalive: TcpKeepalive | undefined
  readonly maxConnectionDurationMs: number | undefined
  /** undefined: an hour; 0: never */
  readonly idleTimeoutMs: number | undefined
}

/** 0 and undefined: the kernel's. */
export interface TcpKeepalive {
  readonly probes: number
  readonly timeMs: number | undefined
  readonly intervalMs: number | undefined
}

/** 0: no limit, but for `maxConcurrentStreams` and where said otherwise. */
export interface HttpPool {
  readonly http1MaxPendingRequests: number
  readonly http2MaxRequests: number
  readonly maxRequestsPerConnection: number
  readonly maxRetries: number
  /** undefined: an hour */
  readonly idleTimeoutMs: number | undefined
  readonly h2UpgradePolicy: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE'
  readonly useClientProtocol: boolean
  /** 0: 2147483647 */
  readonly maxConcurrentStreams: number
  readonly http2KeepAlive: Http2KeepAlive | undefined
}

export interface Http2KeepAlive {
  readonly intervalMs: number | undefined
  readonly timeoutMs: number | undefined
}

const decodeTcpKeepalive = message<TcpKeepalive>({
  probes: described('Probes without answer after which a connection is dead.', uint32),
  timeMs: writtenAs('time', described('Idle time before the first probe.', durationMs)),
  intervalMs: writtenAs('interval', described('Time between probes.', durationMs)),
})

const decodeTcpPool = message<TcpPool>({
  maxConnections: described('Most connections to the service.', int32),
  connectTimeoutMs: writtenAs('connectTimeout', described('Longest time to connect, such as 10s.', durationMs)),
  tcpKeepalive: described('Probes on idle connections.', optional(decodeTcpKeepalive)),
  maxConnectionDurationMs: writtenAs(
    'maxConnectionDuration',
    described('Longest life of a connection; no limit when absent.', durationMs),
  ),
  idleTimeoutMs: writtenAs(
    'idleTimeout',
    described(
      'Idle time after which a connection is closed; 1h when absent, 0s is never.',
      duration(undefined, { minMs: 1, zeroAllowed: true }),
    ),
  ),
})

const decodeHttp2KeepAlive = message<Http2KeepAlive>({
  intervalMs: writtenAs('interval', described('Time between pings.', durationMs)),
  timeoutMs: writtenAs('timeout', described('Longest wait for the answer to a ping.', durationMs)),
})

const decodeHttpPool = message<HttpPool>({
  http1MaxPendingRequests: described('Most requests that wait for a connection.', int32),
  http2MaxRequests: described('Most requests that are active.', int32),
  maxRequestsPerConnection: described('Most requests on one connection; 1 turns keep-alive off.', int32),
  maxRetries: described('Most retries that are active.', int32),
  idleTimeoutMs: writtenAs(
    'idleTimeout',
    described('Time without requests after which a connection is closed; 1h when absent.', durationMs),
  ),
  h2UpgradePolicy: described(
    'Whether requests of HTTP/1.1 go on as HTTP/2.',
    oneOf(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE']),
  ),
  useClientProtocol: described('Whether requests go on in the protocol that the client speaks.', boolean),
  maxConcurrentStreams: described('Most streams on one HTTP/2 connection.', int32),
  http2KeepAlive: described('Pings on HTTP/2 connections.', optional(decodeHttp2KeepAlive)),
})

export const decodeConnectionPool = message<ConnectionPool>({
  tcp: described('Limits of HTTP and TCP alike.', optional(decodeTcpPool)),
  http: described('Limits of HTTP.', optional(decodeHttpPool)),
})

/** Spec 1.4, validation 4. */
export function checkConnectionPool({ tcp, http }: ConnectionPool, path: FieldPath, report: Report): void {
  if (tcp === undefined && http === undefined) report.fault(path, 'connection pool must have at least one field')
  if (tcp !== undefined && tcp.maxConnections < 0) {
    report.fault([...path, 'tcp', 'maxConnections'], 'max connections must be non-negative')
  }
  if (http !== undefined) checkHttpPool(http, [...path, 'http'], report)
}

const COUNTS = {
  http1MaxPendingRequests: 'http1 max pending requests',
  http2MaxRequests: 'http2 max requests',
  maxRequestsPerConnection: 'max requests per connection',
  maxRetries: 'max retries',
  maxConcurrentStreams: 'max concurrent streams',
} as const

function checkHttpPool(http: HttpPool, path: FieldPath, report: Report): void {
  for (const field of Object.keys(COUNTS) as (keyof typeof COUNTS)[]) {
    if (http[field] < 0) report.fault([...path, field], `${COUNTS[field]} must be non-negative`)
  }
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol) {
    report.fault([...path, 'useClientProtocol'], 'use client protocol must not be true when H2UpgradePolicy is UPGRADE')
  }
  const keepAlive = http.http2KeepAlive
  if (keepAlive !== undefined && (keepAlive.intervalMs === undefined || keepAlive.timeoutMs === undefined)) {
    report.fault([...path, 'http2KeepAlive'], 'http2KeepAlive must have both interval and timeout')
  }
}
