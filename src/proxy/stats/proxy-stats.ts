/** What a proxy counts, from its start on. Numbers on an object, read when somebody asks. */
export class ProxyStats {
  downstreamConnections = 0
  downstreamActive = 0
  /** Refused because `maxConnections` were open. */
  downstreamOverLimit = 0
  noFilterChainMatch = 0
  inspectionTimeouts = 0
  /** Connections that led to BlackHoleCluster. */
  denied = 0
  upstreamConnectFailures = 0
  /** No cluster, no healthy host, or a full circuit. */
  upstreamRefusals = 0
  idleTimeouts = 0
  durationTimeouts = 0
  bytesReceived = 0
  bytesSent = 0
  configUpdates = 0
}
