import { NO_ADDRESS } from '#base/socket-address.ts'

/** The headers of one HTTP request, as the log shows them; names are lower case. */
export interface LoggedHeaders {
  header(name: string): string | undefined
  responseHeader(name: string): string | undefined
}

/**
 * What is known of one TCP connection or one HTTP request, filled in as it proceeds and read when it is logged.
 * One object each, all fields set in the constructor so that every instance has one shape; times are performance.now() milliseconds.
 */
export class StreamInfo {
  /** Date.now() at the start */
  startTimeMs: number
  startMs: number
  endMs = 0
  /** As the application saw it: where it is, and where it dialled. */
  downstreamRemote = NO_ADDRESS
  downstreamLocal = NO_ADDRESS
  /** "" until known */
  requestedServerName = ''
  upstreamCluster = ''
  upstreamHost = NO_ADDRESS
  upstreamLocal = NO_ADDRESS
  upstreamTransportFailureReason = ''
  connectionTerminationDetails = ''
  routeName = ''
  /** Envoy's short flags in the order of spec 5.2, e.g. ["UH"] */
  responseFlags: string[] = []
  responseCode = 0
  responseCodeDetails = ''
  /** TCP: bytes from the client; HTTP: request body bytes. */
  bytesReceived = 0
  /** TCP: bytes to the client; HTTP: response body bytes. */
  bytesSent = 0
  /** HTTP only */
  protocol = ''
  method = ''
  path = ''
  authority = ''
  /** milliseconds until the upstream's response headers; -1 when there was none */
  upstreamServiceTimeMs = -1
  /** For %REQ(X)% and %RESP(X)%; undefined for TCP. */
  headers: LoggedHeaders | undefined = undefined
  /** Set when the proxy refused; undefined otherwise. */
  deniedReason: string | undefined = undefined

  constructor(startTimeMs: number, startMs: number) {
    this.startTimeMs = startTimeMs
    this.startMs = startMs
  }
}
