import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LOAD_CORE, type Ports } from './contender.ts'
import { cpuMs } from './process-cost.ts'

const run = promisify(execFile)
const TCP_LOAD = join(import.meta.dirname, 'tcp-load.ts')
const GIGABYTE = 1e9
const CONNECTIONS = 32
const FEW_CONNECTIONS = 8

/** How much is measured. */
export interface Scale {
  readonly runs: number
  readonly seconds: number
  readonly bulkBytes: number
  readonly starts: number
  readonly idleConnections: number
}

/** One measurement of one proxy: figures by name. */
export type Figures = ReadonlyMap<string, number>

export const ROUND_TRIP_CPU = 'CPU per opaque TCP round trip'
export const BULK_CPU = 'CPU per GB, opaque TCP'
export const REQUEST_CPU = 'CPU per HTTP/1.1 request, with access log'
export const REQUEST_CPU_FEW = `CPU per HTTP/1.1 request, ${FEW_CONNECTIONS} connections`
const REQUEST_P50 = 'latency of an HTTP/1.1 request, median'
const REQUEST_P99 = 'latency of an HTTP/1.1 request, 99th percentile'

export const UNITS: ReadonlyMap<string, string> = new Map([
  [ROUND_TRIP_CPU, 'µs'],
  [BULK_CPU, 'ms'],
  [REQUEST_CPU, 'µs'],
  [REQUEST_CPU_FEW, 'µs'],
  [REQUEST_P50, 'ms'],
  [REQUEST_P99, 'ms'],
])

/** A load: drives the proxy on its ports and says what the proxy process spent. */
export type Load = (ports: Ports, proxyPid: number, scale: Scale) => Promise<Figures>

async function tcpLoad(...args: readonly (string | number)[]): Promise<Record<string, number>> {
  const argv = ['-c', LOAD_CORE, process.execPath, TCP_LOAD, ...args.map(String)]
  const { stdout } = await run('taskset', argv)
  return JSON.parse(stdout) as Record<string, number>
}

export const roundTripLoad: Load = async (ports, pid, scale) => {
  const before = cpuMs(pid)
  const { roundTrips = 0 } = await tcpLoad('round-trips', ports.echo, CONNECTIONS, scale.seconds)
  return new Map([[ROUND_TRIP_CPU, ((cpuMs(pid) - before) * 1000) / roundTrips]])
}

export const bulkLoad: Load = async (ports, pid, scale) => {
  const before = cpuMs(pid)
  const { bytes = 0 } = await tcpLoad('bulk', ports.source, scale.bulkBytes)
  return new Map([[BULK_CPU, ((cpuMs(pid) - before) * GIGABYTE) / bytes]])
}

export const httpLoad: Load = async (ports, pid, scale) => {
  const { cpu, said } = await requests(CONNECTIONS, ports, pid, scale)
  return new Map([
    [REQUEST_CPU, cpu],
    [REQUEST_P50, percentileMs(said, 50)],
    [REQUEST_P99, percentileMs(said, 99)],
  ])
}

/** As most applications are: what is shared between the requests of one turn is shared by fewer. */
export const lightHttpLoad: Load = async (ports, pid, scale) => {
  const { cpu } = await requests(FEW_CONNECTIONS, ports, pid, scale)
  return new Map([[REQUEST_CPU_FEW, cpu]])
}

/** @returns `cpu` in µs a request; what wrk said */
async function requests(connections: number, ports: Ports, pid: number, scale: Scale) {
  const before = cpuMs(pid)
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${scale.seconds}s`, '--latency', `http://127.0.0.1:${ports.http}/`]
  const { stdout: said } = await run('taskset', ['-c', LOAD_CORE, ...wrk])
  const spent = cpuMs(pid) - before
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`the load saw errors: ${said}`)
  return { cpu: (spent * 1000) / Number(/(\d+) requests in/.exec(said)?.[1]), said }
}

function percentileMs(text: string, percentile: number): number {
  const [, value, unit] = new RegExp(`${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
  return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1)
}
