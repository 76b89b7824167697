/** How far one proxy is, per type of resource: as istioctl proxy-status has it. */
export interface ProxyReport {
  /** "curl-x7k2p.default" */
  readonly name: string
  readonly cluster: string
  /** The version of the configuration that it has acknowledged all of; "" before the first. */
  readonly version: string
  /** Short name of a type ("CDS") → SYNCED, STALE, ERROR or NOT SENT. */
  readonly types: Readonly<Record<string, string>>
}

/** What `postern status` tells of the mesh that is up. */
export interface MeshReport {
  readonly pid: number
  readonly version: string
  /** RFC 3339 */
  readonly since: string
  /** https://127.0.0.1:PORT */
  readonly api: string
  readonly kubeconfig: string
  readonly state: string
  readonly log: string
  /** The newest revision of the store. */
  readonly revision: number
  readonly residentMb: number
  readonly proxies: readonly ProxyReport[]
}
