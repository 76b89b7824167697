/** Anything that could be a dot segment or its disguise; most paths have none and are left alone. */
const SUSPECT = /\/\.|\/%2e|\\/i
const SINGLE_DOT = /^(?:\.|%2e)$/i
const DOUBLE_DOT = /^(?:\.|%2e){2}$/i

/**
 * Dot segments removed (RFC 3986, 5.2.4), "%2e" counting as a dot and "\" as "/" (Envoy's normalize_path): what is matched is what is sent.
 * The query is kept as it is. Undefined when the path climbs above its root.
 */
export function normalizePath(pathAndQuery: string): string | undefined {
  const query = pathAndQuery.indexOf('?')
  const path = query === -1 ? pathAndQuery : pathAndQuery.slice(0, query)
  if (!SUSPECT.test(path)) return pathAndQuery
  const kept: string[] = []
  const segments = path.replaceAll('\\', '/').split('/').slice(1)
  for (const [i, segment] of segments.entries()) {
    const dots = DOUBLE_DOT.test(segment) ? 2 : SINGLE_DOT.test(segment) ? 1 : 0
    if (dots === 2 && kept.pop() === undefined) return undefined
    if (dots === 0) kept.push(segment)
    // A path that ends in a dot segment names a folder.
    else if (i === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}${query === -1 ? '' : pathAndQuery.slice(query)}`
}
