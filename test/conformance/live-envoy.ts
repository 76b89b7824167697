import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ResourceMap } from '#xds/resource-map.ts'
import type { PushOutcome, ResourceSet } from '#xds/resource-set.ts'
import { AdsServer } from '#xds/server/ads-server.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { type AdsProtocol, envoyBootstrap } from './envoy-bootstrap.ts'
import { endProcess, spawnEnvoy } from './envoy-process.ts'
import { InMemorySource } from './in-memory-source.ts'

const PATIENCE_MS = 15_000

/** A response that Envoy refused, in its words; or a resource that it never took over. */
export interface Rejection {
  readonly typeUrl: TypeUrl
  readonly reason: string
}

/** A running Envoy whose only source of configuration is our ADS server. */
export class LiveEnvoy {
  readonly #directory = mkdtempSync(join(tmpdir(), 'postern-envoy-'))
  readonly #source = new InMemorySource()
  readonly #outcomes: PushOutcome[] = []
  readonly #server = new AdsServer({ source: this.#source, onOutcome: (outcome) => this.#outcomes.push(outcome) })
  #process: ChildProcess | undefined

  static async start(protocol: AdsProtocol, nodeId = 'sidecar~127.0.0.1~app.default~default.svc.cluster.local') {
    const envoy = new LiveEnvoy()
    await envoy.#start(protocol, nodeId)
    return envoy
  }

  /** Sends `resources` in place of what Envoy had; resolves, once it runs on all of them, to what it refused on the way. */
  async accepts(resources: ResourceSet): Promise<readonly Rejection[]> {
    const before = this.#outcomes.length
    this.#source.publish(resources)
    const deadline = Date.now() + PATIENCE_MS
    let missing: readonly Rejection[] = []
    let answersThen = -1
    while (Date.now() < deadline) {
      const refused = this.#refusedSince(before)
      if (refused.length > 0) return refused
      missing = await this.#missing(resources)
      // Complete, and nothing was answered since the last look: what came last (routes) was taken too.
      if (missing.length === 0 && answersThen === this.#outcomes.length) return []
      answersThen = this.#outcomes.length
      if (this.#process?.exitCode !== null)
        throw new Error(`envoy ended: ${readFileSync(this.#logPath, 'utf8').slice(-8_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return missing
  }

  /** Everything that was acknowledged and refused so far. */
  get outcomes(): readonly PushOutcome[] {
    return this.#outcomes
  }

  async close(): Promise<void> {
    if (this.#process !== undefined) await endProcess(this.#process)
    await this.#server.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #start(protocol: AdsProtocol, nodeId: string): Promise<void> {
    const xdsPath = join(this.#directory, 'xds')
    const config = join(this.#directory, 'bootstrap.json')
    await this.#server.listen({ path: xdsPath })
    writeFileSync(config, JSON.stringify(envoyBootstrap({ nodeId, protocol, xdsPath, adminPath: this.#adminPath })))
    this.#process = spawnEnvoy(['-c', config], this.#logPath)
  }

  get #adminPath(): string {
    return join(this.#directory, 'admin')
  }

  get #logPath(): string {
    return join(this.#directory, 'log')
  }

  #refusedSince(start: number): readonly Rejection[] {
    return this.#outcomes
      .slice(start)
      .flatMap((outcome) => (outcome.kind === 'nack' ? [{ typeUrl: outcome.typeUrl, reason: outcome.reason }] : []))
  }

  /** What of the resources Envoy does not run on yet, or runs on though it is gone; endpoints and routes only if it asked for them. */
  async #missing(resources: ResourceSet): Promise<readonly Rejection[]> {
    const running = await this.#running()
    if (running === undefined) return [{ typeUrl: CLUSTER_TYPE, reason: 'its admin interface does not answer' }]
    return [...running].flatMap(([typeUrl, held]) => {
      const expected = resources.byType.get(typeUrl) ?? ResourceMap.EMPTY
      const isAskedForByName = typeUrl === ENDPOINT_TYPE || typeUrl === ROUTE_TYPE
      const absent = isAskedForByName ? [] : [...expected.names()].filter((name) => !held.has(name))
      const left = isAskedForByName ? [] : [...held].filter((name) => !expected.has(name))
      return [
        ...absent.map((name) => ({ typeUrl, reason: `"${name}" is not active` })),
        ...left.map((name) => ({ typeUrl, reason: `"${name}" is still active` })),
      ]
    })
  }

  /** Names of what is active, not warming, by type; undefined while nothing answers. */
  async #running(): Promise<ReadonlyMap<TypeUrl, ReadonlySet<string>> | undefined> {
    const dump = await this.#admin('/config_dump')
    if (dump === undefined) return undefined
    const active = new Map<TypeUrl, Set<string>>([
      [CLUSTER_TYPE, new Set()],
      [LISTENER_TYPE, new Set()],
    ])
    for (const config of (dump as { configs: Record<string, unknown>[] }).configs) {
      for (const { cluster } of listIn(config, 'dynamic_active_clusters'))
        active.get(CLUSTER_TYPE)?.add((cluster as { name: string }).name)
      for (const { name, active_state } of listIn(config, 'dynamic_listeners'))
        if (active_state !== undefined) active.get(LISTENER_TYPE)?.add(String(name))
    }
    return active
  }

  #admin(path: string): Promise<unknown> {
    return new Promise((resolve) => {
      const asked = request({ socketPath: this.#adminPath, path, agent: false, timeout: 2_000 }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () =>
          resolve(response.statusCode === 200 ? JSON.parse(String(Buffer.concat(chunks))) : undefined),
        )
      })
      asked.on('error', () => resolve(undefined))
      asked.on('timeout', () => asked.destroy())
      asked.end()
    })
  }
}

function listIn(config: Readonly<Record<string, unknown>>, key: string): readonly Record<string, unknown>[] {
  return (config[key] as readonly Record<string, unknown>[] | undefined) ?? []
}
