/** How long ago an RFC 3339 time was, in its largest unit: "8m", "3h", "12d", "2y"; "<unknown>" without one. */
export function renderAge(timestamp: string | undefined, now: Date): string {
  const since = Date.parse(timestamp ?? '')
  if (Number.isNaN(since)) return '<unknown>'
  const seconds = Math.max(0, Math.floor((now.getTime() - since) / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 365 ? `${days}d` : `${Math.floor(days / 365)}y`
}
