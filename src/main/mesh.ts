import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { ADMIN_GROUP, type User } from '#apiserver/auth/user.ts'
import { Fault, messageOf } from '#base/fault.ts'
import type { MeshReport, ProxyReport } from '#cli/mesh-report.ts'
import { proxyName } from '#control/status/status-reporter.ts'
import { dumpSet } from '#control/translate/dump.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import type { Resource } from '#kube/client/resource.ts'
import type { AdsClientState } from '#xds/server/ads-server.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE } from '#xds/type-url.ts'
import { Administration } from './administration.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import type { MeshPlace } from './mesh-place.ts'
import { packageVersion } from './package-version.ts'
import { type RunningApiServer, startApiServer } from './start-api-server.ts'

/** The embedded mesh of one process. */
export interface RunningMesh {
  report(): MeshReport
  /** Settles when somebody asked for the end, and everything is closed. */
  readonly ended: Promise<void>
  end(): Promise<void>
}

/** Starts API server and control plane. Throws a Fault when either cannot. */
export async function startMesh(
  place: MeshPlace,
  port: number | undefined,
  onNotice: (text: string) => void,
): Promise<RunningMesh> {
  const api = await startApi(place, port, onNotice)
  try {
    const administration = new Administration(api, place.kubeconfig)
    await administration.writeKubeconfig()
    const client = new KubeClient(loadKubeconfig({ text: api.kubeconfigOfProcess(CONTROL) }))
    const control = await startControlPlane({ client, listen: { path: place.xds }, onNotice })
    return await new Mesh(place, api, control, administration, client).open()
  } catch (thrown) {
    await api.close()
    throw thrown
  }
}

/** On the port that was asked for; else on that of the last time, which a kubeconfig may still name, or any when it is taken. */
async function startApi(
  place: MeshPlace,
  port: number | undefined,
  onFault: (text: string) => void,
): Promise<RunningApiServer> {
  const settings = { stateDirectory: place.state, onFault }
  const last = port ?? lastPort(place.kubeconfig)
  if (port !== undefined || last === 0) return startApiServer({ ...settings, port: last })
  try {
    return await startApiServer({ ...settings, port: last })
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'apiserver/listen') throw thrown
    return startApiServer(settings)
  }
}

function lastPort(kubeconfig: string): number {
  try {
    return Number(loadKubeconfig({ paths: [kubeconfig] }).server.port)
  } catch {
    return 0
  }
}

/** The control plane of this process: nobody can take its credentials back, and they end with it. */
const CONTROL: User = { name: 'postern-control', groups: [ADMIN_GROUP] }

const CONFIG_DUMP = 'GET /config_dump?proxy='
const NAMESPACE = 'GET /namespaces/'
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false }

class Mesh implements RunningMesh {
  readonly ended: Promise<void>
  readonly #place: MeshPlace
  readonly #api: RunningApiServer
  readonly #control: ControlPlane
  readonly #administration: Administration
  readonly #client: KubeClient
  readonly #since = new Date()
  readonly #admin: Server
  readonly #onEnded: () => void
  #ending: Promise<void> | undefined

  constructor(
    place: MeshPlace,
    api: RunningApiServer,
    control: ControlPlane,
    administration: Administration,
    client: KubeClient,
  ) {
    this.#place = place
    this.#api = api
    this.#control = control
    this.#administration = administration
    this.#client = client
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#onEnded = resolve
    this.#admin = createServer((request, response) => {
      void this.#reply(`${request.method} ${request.url}`).then(([code, answer]) => {
        response.writeHead(code, { 'content-type': 'application/json' })
        response.end(JSON.stringify(answer))
      })
    })
  }

  /** Opens the socket that the other verbs ask on: only this user's, as its directory is. */
  async open(): Promise<this> {
    const { admin } = this.#place
    // The store's lock says that no other mesh is up here: a socket that is left over is dead.
    rmSync(admin, { force: true })
    await new Promise<void>((resolve, reject) => {
      this.#admin.once('error', (cause) =>
        reject(new Fault('mesh/admin-socket', `cannot listen on "${admin}": ${cause.message}`, { cause })),
      )
      this.#admin.listen(admin, resolve)
    })
    chmodSync(admin, 0o600)
    return this
  }

  report(): MeshReport {
    const { kubeconfig, state, log } = this.#place
    return {
      pid: process.pid,
      version: packageVersion(),
      since: this.#since.toISOString(),
      api: this.#api.address,
      kubeconfig,
      state,
      log,
      revision: this.#api.revision(),
      residentMb: Math.round(process.memoryUsage.rss() / 1e6),
      proxies: this.#control.server.clients().map(proxyReport),
    }
  }

  end(): Promise<void> {
    this.#ending ??= this.#close().finally(this.#onEnded)
    return this.#ending
  }

  async #reply(question: string): Promise<readonly [number, unknown]> {
    try {
      const answer = await this.#answer(question)
      return answer === undefined ? [404, { message: `nothing is at ${question}` }] : [200, answer]
    } catch (thrown) {
      return [500, { message: messageOf(thrown) }]
    }
  }

  async #answer(question: string): Promise<unknown> {
    if (question === 'GET /status') return this.report()
    if (question.startsWith(CONFIG_DUMP)) return this.#dump(decodeURIComponent(question.slice(CONFIG_DUMP.length)))
    if (question.startsWith(NAMESPACE)) return this.#namespace(decodeURIComponent(question.slice(NAMESPACE.length)))
    if (question !== 'POST /quit') return this.#administration.answer(question)
    setImmediate(() => void this.end())
    return { ending: true }
  }

  async #namespace(name: string): Promise<{ readonly exists: boolean }> {
    const outcome = await this.#client.get(NAMESPACES, name, undefined)
    if (outcome.kind === 'refused' && outcome.refusal.code !== 404) throw new Error(outcome.refusal.message)
    return { exists: outcome.kind !== 'refused' }
  }

  #dump(proxy: string): unknown {
    const client = this.#control.server.clients().find(({ node }) => proxyName(node) === proxy)
    if (client?.node === undefined) return undefined
    const set = this.#control.snapshots.current(client.node)
    return set === undefined ? undefined : { ...dumpSet(set), bootstrap: bootstrapOf(client, this.#place.xds) }
  }

  async #close(): Promise<void> {
    const closed = new Promise((resolve) => this.#admin.close(resolve))
    this.#admin.closeAllConnections()
    await this.#control.close()
    await this.#api.close()
    await closed
  }
}

const SHORT_NAMES = new Map([
  [CLUSTER_TYPE, 'CDS'],
  [LISTENER_TYPE, 'LDS'],
  [ENDPOINT_TYPE, 'EDS'],
  [ROUTE_TYPE, 'RDS'],
  [NAME_TABLE_TYPE, 'NDS'],
])

/** Who the client says it is and where it found the control plane, in the form of Envoy's bootstrap. */
function bootstrapOf({ node, protocol }: AdsClientState, xds: string): object {
  const grpcServices = [{ googleGrpc: { targetUri: `unix:${xds}`, statPrefix: 'xds' } }]
  const adsConfig = { apiType: protocol === 'delta' ? 'DELTA_GRPC' : 'GRPC', transportApiVersion: 'V3', grpcServices }
  return { node, dynamicResources: { ldsConfig: { ads: {} }, cdsConfig: { ads: {} }, adsConfig } }
}

function proxyReport(client: AdsClientState): ProxyReport {
  return {
    name: proxyName(client.node),
    cluster: client.node?.cluster ?? '',
    version: client.settledVersion,
    types: Object.fromEntries(
      [...client.syncs()].map(([typeUrl, sync]) => [SHORT_NAMES.get(typeUrl) ?? typeUrl, sync]),
    ),
  }
}
