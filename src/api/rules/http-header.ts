/** Rules about HTTP header names and values (spec 1.3, validation 7-9). Each returns what is wrong, or undefined. */

const TOKEN = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/
const PSEUDO_HEADERS: readonly string[] = [':method', ':scheme', ':authority', ':path', ':status']
const JWT_CLAIM = /^@request\.auth\.claims(?:\.[^.]+.*|(?:\[[^[\]]+\])+)$/

/** `@request.auth.claims.x` and `@request.auth.claims[x][y]` stand for a claim of the caller's token. */
export function isJwtClaim(name: string): boolean {
  return name.startsWith('@request.auth.claims')
}

/** A header that a match names: a token of RFC 7230, a pseudo-header or a claim. */
export function faultOfMatchedHeader(name: string): string | undefined {
  if (isJwtClaim(name)) return JWT_CLAIM.test(name) ? undefined : `invalid JWT claim name ${JSON.stringify(name)}`
  return PSEUDO_HEADERS.includes(name) ? undefined : faultOfHeaderName(name)
}

export function faultOfHeaderName(name: string): string | undefined {
  if (name === '') return 'header name cannot be empty'
  return TOKEN.test(name) ? undefined : `header name ${JSON.stringify(name)} is not a valid header name`
}

/** A name in a CORS policy: `*` is every header. */
export function faultOfCorsHeader(name: string): string | undefined {
  return name === '*' ? undefined : faultOfHeaderName(name)
}

/** Whether a header stands for the host that a request is for. */
export function isAuthorityHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'host' || lower === ':authority'
}

/** A request header that a route sets or adds: the authority may be set, other pseudo-headers may not. */
export function faultOfSetRequestHeader(name: string): string | undefined {
  return isAuthorityHeader(name) ? undefined : faultOfChangedHeader(name)
}

/** A header that a route removes from a request, or changes in a response. */
export function faultOfChangedHeader(name: string): string | undefined {
  if (name === '') return 'header name cannot be empty'
  if (name.toLowerCase() === 'host') return 'cannot set Host header'
  if (name.startsWith(':')) return `invalid header ${JSON.stringify(name)}: pseudo headers cannot be changed`
  return undefined
}

/** Text in which `%%` is a percent sign, and `%VARIABLE%` or `%VARIABLE(ARGUMENT)%` what Envoy puts in. */
export function faultOfHeaderValue(value: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return 'header value may not contain control characters'
  const rest = value.replace(/%%|%[A-Za-z0-9_]+(?:\([^)]*\))?(?::\d+)?%/g, '')
  if (!rest.includes('%')) return undefined
  return `header value ${JSON.stringify(value)} is invalid: a percent sign is written %%, a variable %NAME%`
}
