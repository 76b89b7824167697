const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S
const YEAR_S = 365 * DAY_S

/**
 * An age as kubectl prints it, in one or two units: "5s", "3m20s", "3h", "2d4h", "2y35d". Clocks differ, so up to two seconds of
 * the future are "0s"; more is "<invalid>".
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (Number.isNaN(seconds) || seconds < -1) return '<invalid>'
  if (seconds < 2 * MINUTE_S) return `${Math.max(0, seconds)}s`
  if (seconds < 10 * MINUTE_S) return twoUnits(seconds, MINUTE_S, 'm', 1, 's')
  if (seconds < 3 * HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m`
  if (seconds < 8 * HOUR_S) return twoUnits(seconds, HOUR_S, 'h', MINUTE_S, 'm')
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)}h`
  if (seconds < 8 * DAY_S) return twoUnits(seconds, DAY_S, 'd', HOUR_S, 'h')
  if (seconds < 2 * YEAR_S) return `${Math.floor(seconds / DAY_S)}d`
  if (seconds < 8 * YEAR_S) return twoUnits(seconds, YEAR_S, 'y', DAY_S, 'd')
  return `${Math.floor(seconds / YEAR_S)}y`
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`
}
