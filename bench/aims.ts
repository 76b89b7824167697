import { BULK_CPU, REQUEST_CPU, REQUEST_CPU_FEW, ROUND_TRIP_CPU } from './loads.ts'
import { median, type Row, ratio } from './series.ts'

export const START_UP = '`postern run -- true`, start to end'
export const MEMORY = 'resident memory of the sidecar with 100 connections'
export const MEMORY_PER_CONNECTION = 'resident memory per further idle connection'

/** What is aimed at: at most `limit`, in the figure's unit or, with a rival, times the rival's. */
const AIMS: readonly { readonly figure: string; readonly limit: number; readonly rival?: string }[] = [
  { figure: ROUND_TRIP_CPU, limit: 1, rival: 'Envoy' },
  { figure: ROUND_TRIP_CPU, limit: 1.4, rival: 'HAProxy' },
  { figure: BULK_CPU, limit: 1, rival: 'Envoy' },
  { figure: REQUEST_CPU, limit: 0.4, rival: 'Envoy' },
  { figure: REQUEST_CPU, limit: 0.4, rival: "Istio's Envoy" },
  { figure: REQUEST_CPU_FEW, limit: 0.4, rival: 'Envoy' },
  { figure: REQUEST_CPU, limit: 1.6, rival: 'HAProxy' },
  { figure: START_UP, limit: 500 },
  { figure: MEMORY, limit: 80 },
  { figure: MEMORY_PER_CONNECTION, limit: 20 },
]

/** A markdown table: each aim, what was measured, and whether it is met. */
export function aimsTable(rows: readonly Row[]): string {
  const lines = AIMS.map(({ figure, limit, rival }) => {
    const row = rows.find((one) => one.figure === figure)
    const own = row?.values.get('Postern')
    const value = rival === undefined ? median(own ?? []) : ratio(own, row?.values.get(rival))
    const verdict = Number.isNaN(value) ? 'not measured' : value <= limit ? 'met' : 'missed'
    const unit = rival === undefined ? ` ${row?.unit ?? ''}` : ` x ${rival}`
    return `| ${figure} | at most ${limit}${unit} | ${value.toFixed(2)} | ${verdict} |`
  })
  return ['| | aim | measured | |', '| --- | --- | ---: | --- |', ...lines].join('\n')
}
