import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { MeshReport } from '#cli/mesh-report.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import { askMesh } from '#main/ask-mesh.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const START_LIMIT_MS = 60_000
const REST_LIMIT_MS = 120_000
/** As in the other measurements: what is measured has one core, and the load another. */
const MESH_CORE = '0'
const LOAD_CORE = '1'

/** A `postern up` of its own, on one core. */
export class MeshUnderTest {
  readonly state: string
  #process: ChildProcess | undefined

  constructor(state: string) {
    this.state = state
  }

  get kubeconfig(): string {
    return join(this.state, 'kubeconfig')
  }

  get xds(): string {
    return join(this.state, 'xds.sock')
  }

  /** Starts it; answers how long it took until sidecars could connect, in ms. */
  async start(): Promise<number> {
    const begun = performance.now()
    const command = ['-c', MESH_CORE, join(ROOT, 'bin', 'postern'), 'up', '--foreground', '--state', this.state]
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', 'taskset', ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    this.#process.stderr?.on('data', (text: Buffer) => {
      said += text.toString()
    })
    while (!said.includes('the mesh is up')) {
      if (this.#process.exitCode !== null || performance.now() - begun > START_LIMIT_MS)
        throw new Error(`no mesh: ${said}`)
      await wait(2)
    }
    return performance.now() - begun
  }

  async stop(): Promise<void> {
    const running = this.#process
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGTERM')
    await ended
  }

  client(): KubeClient {
    return new KubeClient(loadKubeconfig({ paths: [this.kubeconfig] }))
  }

  /** Settles when nothing has been written for a second: the statuses of what was loaded have been, too. */
  async atRest(): Promise<void> {
    const deadline = performance.now() + REST_LIMIT_MS
    const revision = async () =>
      ((await askMesh(join(this.state, 'admin.sock'), 'GET', '/status')) as MeshReport).revision
    for (let before = -1, now = await revision(); before !== now; now = await revision()) {
      if (performance.now() > deadline) throw new Error('the mesh does not come to rest')
      before = now
      await wait(1_000)
    }
  }

  residentMb(): number {
    const status = readFileSync(`/proc/${this.#process?.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1e3
  }

  exists(): boolean {
    return existsSync(this.state)
  }
}

/** A crowd of clients (crowd.ts) on the other core. */
export class Crowd {
  readonly ready: Promise<void>
  readonly #process: ChildProcess
  readonly #seen = new Map<string, () => void>()

  constructor(mode: 'proxies' | 'sidecars' | 'watchers', place: string, count: number) {
    const program = join(import.meta.dirname, 'crowd.ts')
    this.#process = fork(program, [mode, place, String(count)], { execArgv: ['--disable-warning=ExperimentalWarning'] })
    spawn('taskset', ['-cp', LOAD_CORE, String(this.#process.pid)], { stdio: 'ignore' })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.#process.on('message', (message: { kind: string; name?: string }) => {
      if (message.kind === 'ready') resolve()
      else this.#seen.get(message.name ?? '')?.()
    })
  }

  /** Settles when the last one has seen the object; ask before it is written. */
  sees(name: string): Promise<void> {
    return new Promise((resolve) => this.#seen.set(name, resolve))
  }

  end(): void {
    this.#process.kill('SIGKILL')
  }
}
