/** What one name answers. */
export interface ZoneRecord {
  readonly a: readonly string[]
  readonly aaaa: readonly string[]
  /** seconds */
  readonly ttl: number
  /** True: each answer holds one address only, the next one in turn. */
  readonly rotates: boolean
}

function at(a: readonly string[], aaaa: readonly string[] = [], ttl = 60, rotates = false): ZoneRecord {
  return { a, aaaa, ttl, rotates }
}

const WIKIPEDIA = at(['91.198.174.192'])

/** The world's whole name space, as data: lower case names, possibly "*.x" for one label or more. */
const ZONE: ReadonlyMap<string, ZoneRecord> = new Map([
  ['wikipedia.org', WIKIPEDIA],
  ['www.wikipedia.org', WIKIPEDIA],
  ['en.wikipedia.org', WIKIPEDIA],
  ['de.wikipedia.org', at(['103.102.166.224'])],
  ['www.googleapis.com', at(['142.250.74.106'])],
  ['firestore.googleapis.com', at(['142.250.74.170'])],
  ['httpbin.org', at(['34.66.10.50'])],
  ['mysql.example.com', at(['34.66.10.20'])],
  ['reviews-db.example.com', at(['34.66.10.21'])],
  ['mongo.example.com', at(['34.66.10.30'])],
  ['echo.example.com', at(['34.66.10.40'])],
  ['rotating.example.com', at(['34.66.10.60', '34.66.10.61', '34.66.10.62'], [], 1, true)],
  ['dual.example.com', at(['34.66.10.80'], ['2001:db8::80'])],
  ['ipv6.example.com', at([], ['2001:db8::80'])],
  ['*.wild.example.com', at(['34.66.10.90'])],
  ['loopback.rebind.example.com', at(['127.0.0.1'], ['::1'])],
  ['metadata.rebind.example.com', at(['169.254.169.254'])],
  ['drop.example.net', at(['203.0.113.66'])],
])

/** The record for a name: the exact one, else the nearest wildcard above it. */
export function recordOf(name: string): ZoneRecord | undefined {
  const lower = name.toLowerCase().replace(/\.$/, '')
  const exact = ZONE.get(lower)
  if (exact !== undefined) return exact
  for (let dot = lower.indexOf('.'); dot !== -1; dot = lower.indexOf('.', dot + 1)) {
    const wildcard = ZONE.get(`*${lower.slice(dot)}`)
    if (wildcard !== undefined) return wildcard
  }
  return undefined
}
