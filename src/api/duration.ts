import { type Decode, decoder } from './schema/decode.ts'

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const PART = '(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h)'
const DURATION = new RegExp(`^\\+?(?:${PART})+$`)
/** Nobody writes a longer one, and digits without end would cost time. */
const LONGEST = 200
const NS_OF_MS = 1_000_000n
/** Go counts nanoseconds in 64 bits, about 292 years. */
const MAX_NS = 2n ** 63n - 1n

/** Milliseconds of a duration as Go and Istio write it ("1.5s", "10ms", "1h30m"); undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0
  if (text.length > LONGEST || !DURATION.test(text)) return undefined
  let ns = 0n
  // Whole nanoseconds are counted, as Go does: 1.001 s times 1000 is not 1001 in binary fractions.
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)\.?(\d*)([a-zµμ]+)/g)) {
    const size = UNIT_NS[unit]!
    ns += BigInt(whole) * size + (BigInt(fraction) * size) / 10n ** BigInt(fraction.length)
  }
  if (ns > MAX_NS) return undefined
  return Number(ns / NS_OF_MS) + Number(ns % NS_OF_MS) / Number(NS_OF_MS)
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
