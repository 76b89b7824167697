import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { MEMORY, MEMORY_PER_CONNECTION, START_UP } from './aims.ts'
import type { Scale } from './loads.ts'
import type { Row } from './series.ts'

const run = promisify(execFile)
const POSTERN = join(import.meta.dirname, '..', 'bin', 'postern')
const TCP_LOAD = join(import.meta.dirname, 'tcp-load.ts')
/** Memory is looked at this long after connections were opened. */
const SETTLED_MS = 1_000
/** The world's echo server. */
const ECHO = { host: '34.66.10.40', port: 9000 }
const ECHO_ENTRY = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: echo}
spec:
  hosts: [echo.example.com]
  addresses: [${ECHO.host}]
  ports: [{number: ${ECHO.port}, name: tcp, protocol: TCP}]
  resolution: NONE
`

/** What a user waits for and what a sidecar keeps: measured through \`postern run\`, capsule and control process included. */
export async function measureEndToEnd(scale: Scale, directory: string): Promise<Row[]> {
  const row = (figure: string, unit: string, values: number[]): Row => ({
    figure,
    unit,
    values: new Map([['Postern', values]]),
  })
  const starts = await startUps(scale.starts)
  const memory = await sidecarMemory(scale.idleConnections, directory)
  return [
    row(START_UP, 'ms', starts),
    row(MEMORY, 'MB', [memory.base / 1e6]),
    row(MEMORY_PER_CONNECTION, 'KB', [memory.perConnection / 1e3]),
  ]
}

async function startUps(count: number): Promise<number[]> {
  await run(POSTERN, ['run', '--', 'true'])
  const values: number[] = []
  for (let n = 0; n < count; n += 1) {
    const start = performance.now()
    await run(POSTERN, ['run', '--', 'true'])
    values.push(performance.now() - start)
  }
  return values
}

async function sidecarMemory(
  idleConnections: number,
  directory: string,
): Promise<{ base: number; perConnection: number }> {
  const file = join(directory, 'echo.yaml')
  writeFileSync(file, ECHO_ENTRY)
  const load = [process.execPath, TCP_LOAD, 'idle', `${ECHO.port}`, `${idleConnections}`]
  const child = spawn(POSTERN, ['run', '-f', file, '--', ...load], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, IDLE_HOST: ECHO.host },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const opened = async (): Promise<number> => Number(JSON.parse((await lines.next()).value ?? '{"open":0}').open)
  const few = await opened()
  await wait(SETTLED_MS)
  const base = residentBytes(child.pid ?? 0)
  child.stdin.write('more\n')
  const many = await opened()
  await wait(SETTLED_MS)
  const full = residentBytes(child.pid ?? 0)
  const exited = once(child, 'exit')
  child.stdin.end()
  await exited
  return { base, perConnection: (full - base) / (many - few) }
}

/** VmRSS of one process: bytes. */
function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}
