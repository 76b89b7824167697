/** Epoch milliseconds to text, in UTC. */
export type TimeFormat = (epochMs: number) => string

/** `2026-11-21T02:08:02.123Z`: what %START_TIME% writes without an argument. Each millisecond is formatted once. */
export function isoTimeFormat(): TimeFormat {
  let last = Number.NaN
  let text = ''
  return (epochMs) => {
    if (epochMs !== last) {
      text = new Date(epochMs).toISOString()
      last = epochMs
    }
    return text
  }
}

/**
 * Compiles a format of %START_TIME(...)%: strftime's conversions, with Envoy's %f, %1f … %9f (fraction of a second) and %s (epoch seconds),
 * %3s, %6s, %9s (epoch with fraction).
 * Returns the first conversion that it does not know as `unknown`.
 */
export function compileTimeFormat(format: string): { readonly format: TimeFormat } | { readonly unknown: string } {
  const parts: (string | Conversion)[] = []
  let at = 0
  for (const match of format.matchAll(/%([1-9]?[A-Za-z%]?)/g)) {
    parts.push(format.slice(at, match.index))
    const conversion = conversionOf(match[1] ?? '')
    if (conversion === undefined) return { unknown: match[0] }
    parts.push(conversion)
    at = match.index + match[0].length
  }
  parts.push(format.slice(at))
  return {
    format: (epochMs) => {
      const date = new Date(epochMs)
      return parts.map((part) => (typeof part === 'string' ? part : part(date))).join('')
    },
  }
}

type Conversion = (date: Date) => string

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  Y: (date) => String(date.getUTCFullYear()),
  y: (date) => pad(date.getUTCFullYear() % 100, 2),
  m: (date) => pad(date.getUTCMonth() + 1, 2),
  d: (date) => pad(date.getUTCDate(), 2),
  e: (date) => String(date.getUTCDate()).padStart(2, ' '),
  H: (date) => pad(date.getUTCHours(), 2),
  I: (date) => pad(date.getUTCHours() % 12 || 12, 2),
  M: (date) => pad(date.getUTCMinutes(), 2),
  S: (date) => pad(date.getUTCSeconds(), 2),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  j: (date) =>
    pad((Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - yearStart(date)) / DAY_MS + 1, 3),
  a: (date) => (DAYS[date.getUTCDay()] ?? '').slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()] ?? '',
  b: (date) => (MONTHS[date.getUTCMonth()] ?? '').slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()] ?? '',
  F: (date) => date.toISOString().slice(0, 10),
  T: (date) => date.toISOString().slice(11, 19),
  R: (date) => date.toISOString().slice(11, 16),
  z: () => '+0000',
  Z: () => 'UTC',
  f: (date) => fraction(date, 9),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  '%': () => '%',
}

const DAY_MS = 86_400_000

function conversionOf(letters: string): Conversion | undefined {
  const digits = Number(letters[0])
  if (!(digits >= 1)) return CONVERSIONS[letters]
  if (letters[1] === 'f') return (date) => fraction(date, digits)
  if (letters[1] === 's') return (date) => `${Math.floor(date.getTime() / 1000)}.${fraction(date, digits)}`
  return undefined
}

/** The clock ticks in milliseconds: further digits are zeros. */
function fraction(date: Date, digits: number): string {
  return pad(date.getUTCMilliseconds(), 3).padEnd(9, '0').slice(0, digits)
}

function yearStart(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), 0, 1)
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
