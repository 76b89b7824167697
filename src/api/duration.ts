import { type Decode, decoder } from './schema/decode.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/

/** Milliseconds of a duration as Go and Istio write it ("1.5s", "10ms", "1h30m"); undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0
  if (!DURATION.test(text)) return undefined
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    ms += Number(amount) * UNIT_MS[unit!]!
  return ms
}

interface DurationBounds {
  readonly minMs: number
  readonly maxMs?: number
  readonly zeroAllowed?: boolean
}

/** A duration of whole milliseconds in [minMs, maxMs], or 0 where `zeroAllowed`; `standardMs` when absent. */
export function duration<Standard extends number | undefined>(
  standardMs: Standard,
  bounds: DurationBounds,
): Decode<number | Standard> {
  return decoder<number | Standard>({ type: 'string' }, (value, path, report) => {
    if (value === undefined || value === null) return standardMs
    const ms = typeof value === 'string' ? parseDurationMs(value) : undefined
    const fault =
      ms === undefined
        ? `must be a duration such as "10s", not ${JSON.stringify(value)}`
        : faultOfMs(ms, String(value), bounds)
    if (fault === undefined) return ms!
    report.error(path, fault)
    return standardMs
  })
}

/** A duration in milliseconds as Istio's rule has it (spec 1.0, ValidateDuration): whole ones, at least one; undefined when absent. */
export const durationMs: Decode<number | undefined> = duration(undefined, { minMs: 1 })

function faultOfMs(ms: number, text: string, bounds: DurationBounds): string | undefined {
  if (ms === 0 && bounds.zeroAllowed) return undefined
  if (bounds.maxMs !== undefined && (ms < bounds.minMs || ms > bounds.maxMs))
    return `time ${text} must be >1ms and <1h0m0s`
  if (ms < bounds.minMs) return `duration must be greater than 1ms, not ${JSON.stringify(text)}`
  return Number.isInteger(ms) ? undefined : `only durations to ms precision are supported, not ${JSON.stringify(text)}`
}
