import { fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { createPrivateDirectory } from '#apiserver/store/durable-file.ts'
import { Fault } from '#base/fault.ts'
import type { MeshReport } from '#cli/mesh-report.ts'
import { addMeshVerbs, type MeshActions, type UpOptions } from '#cli/mesh-verbs.ts'
import type { VerbIo } from '#cli/verb-io.ts'
import { askMesh } from './ask-mesh.ts'
import { writtenMeshKubeconfig } from './connect-api.ts'
import { type MeshPlace, meshPlace } from './mesh-place.ts'
import { notice } from './notice.ts'
import { stateDirectory } from './state-directory.ts'

/** How long a mesh that another `up` is starting may take to answer. */
const OTHER_LIMIT_MS = 5_000
/** How long the end of a mesh may take: its streams are cut, and what was acknowledged is on disk already. */
const END_LIMIT_MS = 10_000

/** What a mesh that starts in the background tells the process that started it. */
type MeshNews =
  | { readonly kind: 'up'; readonly report: MeshReport }
  | {
      readonly kind: 'failed'
      readonly code?: string
      readonly message: string
      readonly mend: string | undefined
    }

/** `postern up`, `down`, `status`, `kubeconfig` and `proxy-status`. */
export function addMesh(program: Command, io: VerbIo = process): void {
  addMeshVerbs(program, io, { up, down, report, kubeconfig: writtenMeshKubeconfig } satisfies MeshActions)
}

function placeOf(state: string | undefined): MeshPlace {
  return meshPlace(stateDirectory(state))
}

async function report(state: string | undefined): Promise<MeshReport | undefined> {
  return (await askMesh(placeOf(state).admin, 'GET', '/status')) as MeshReport | undefined
}

async function up(options: UpOptions): Promise<MeshReport | undefined> {
  const place = placeOf(options.state)
  const other = await report(options.state)
  if (other !== undefined) {
    if (!options.foreground) return other
    throw new Fault('mesh/already-up', `a mesh is up already: process ${other.pid}`, {
      mend: `end it:  postern down --state ${place.state}`,
    })
  }
  createPrivateDirectory(place.state)
  return options.foreground ? runMesh(place, options.port) : startInBackground(place, options)
}

/** Serves until a signal or `postern down` ends it. */
async function runMesh(place: MeshPlace, port: number | undefined): Promise<undefined> {
  const { startMesh } = await import('./mesh.ts')
  const mesh = await startMesh(place, port, (text) => notice(`${new Date().toISOString()} ${text}`)).catch((thrown) => {
    const { code, mend } = thrown instanceof Fault ? thrown : { mend: undefined }
    tell({ kind: 'failed', ...(code && { code }), message: String((thrown as Error).message), mend })
    throw thrown
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void mesh.end())
  tell({ kind: 'up', report: mesh.report() })
  if (process.send === undefined) notice(`the mesh is up: ${mesh.report().api}`)
  await mesh.ended
  return undefined
}

function tell(news: MeshNews): void {
  process.send?.(news, undefined, undefined, () => {
    if (process.connected) process.disconnect()
  })
}

/** A session of its own: it stays when the terminal goes. */
async function startInBackground(place: MeshPlace, { state, port }: UpOptions): Promise<MeshReport> {
  const log = openSync(place.log, 'a', 0o600)
  const args = ['up', '--foreground', ...(state === undefined ? [] : ['--state', state])]
  const child = fork(process.argv[1] as string, [...args, ...(port === undefined ? [] : ['--port', String(port)])], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const news = await new Promise<MeshNews>((resolve) => {
    child.once('message', (message) => resolve(message as MeshNews))
    child.once('exit', (code, signal) => {
      const message = `the mesh ended with ${signal ?? `code ${code}`} before it was up: ${lastLineOf(place.log)}`
      resolve({ kind: 'failed', message, mend: undefined })
    })
  })
  child.unref()
  if (child.connected) child.disconnect()
  if (news.kind === 'up') return news.report
  // Another one came up meanwhile, or is about to.
  const other = news.code === 'store/locked' ? await otherMesh(state) : await report(state)
  if (other !== undefined) return other
  throw new Fault('mesh/not-up', news.message, news.mend === undefined ? {} : { mend: news.mend })
}

/** Who started at the same time and was quicker; undefined when what holds the store is no mesh. */
async function otherMesh(state: string | undefined): Promise<MeshReport | undefined> {
  const deadline = performance.now() + OTHER_LIMIT_MS
  for (;;) {
    const other = await report(state)
    if (other !== undefined || performance.now() > deadline) return other
    await wait(50)
  }
}

function lastLineOf(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? ''
}

async function down(state: string | undefined): Promise<boolean> {
  const { admin } = placeOf(state)
  const before = await report(state)
  if (before === undefined) return false
  await askMesh(admin, 'POST', '/quit')
  const deadline = performance.now() + END_LIMIT_MS
  while (isAlive(before.pid)) {
    if (performance.now() > deadline) {
      throw new Fault('mesh/no-end', `the mesh, process ${before.pid}, has not ended in ${END_LIMIT_MS / 1000} s`, {
        mend: `end it by force, nothing acknowledged is lost:  kill -9 ${before.pid}`,
      })
    }
    await wait(20)
  }
  return true
}

/** One that nobody has reaped yet, as in a container whose first process is no init, has ended. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1))
  } catch {
    return false
  }
}
