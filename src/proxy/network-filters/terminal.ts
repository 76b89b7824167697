import type { AccessLogger } from '#proxy/access-log/access-logger.ts'
import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { AccessLogConfig, HttpConnectionManagerConfig, ProxyConfig } from '#proxy/config/model.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import type { ConnectionEnv } from '#proxy/connection/socket-connection.ts'
import type { RefusedAddress } from '#proxy/denial/explain.ts'

/** The last filter of a chain: serves a downstream connection from its first byte to its close. */
export interface TerminalFilter {
  /** Sets itself (or something of its own) as the connection's reader before it returns. */
  accept(connection: Connection): void
}

/** What a terminal filter finds around it. Lives as long as the proxy; what it answers changes with the configuration. */
export interface FilterEnv {
  readonly connections: ConnectionEnv
  /** The configuration in force: asked per request or per connection, never kept. */
  config(): ProxyConfig
  /** The running state of a cluster; undefined when there is none of this name (flag NC). */
  cluster(name: string): UpstreamCluster | undefined
  /** True once the proxy drains: answer, then close instead of keeping alive. */
  draining(): boolean
  /** Runs `callback` when draining begins: close what idles. Returns what takes it off again. */
  onDraining(callback: () => void): () => void
  accessLogger(logs: readonly AccessLogConfig[]): AccessLogger
  readonly denier: Denier
}

/** Builds an HTTP connection manager; called once per filter chain when its configuration arrives. */
export type HttpConnectionManagerFactory = (config: HttpConnectionManagerConfig, env: FilterEnv) => TerminalFilter

/**
 * Answers a refused connection in the words of its protocol and closes it. No bytes have been consumed: whatever inspectors read is
 * delivered again.
 */
export interface Denier {
  /**
   * @param options.mongo true when mongo_proxy stood in the chain
   * @param options.refusal when a cluster would not go to the address; otherwise nothing allowed the call
   * @param options.log called with the connection's StreamInfo when it has closed
   */
  takeOver(
    connection: Connection,
    options: { readonly mongo?: boolean; readonly refusal?: RefusedAddress; readonly log?: AccessLogger },
  ): void
}
