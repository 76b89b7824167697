/** Fields that the proxy itself has to know; all others are only passed on. */
export const OTHER_FIELD = 0
export const HOST = 1
export const CONNECTION = 2
export const CONTENT_LENGTH = 3
export const TRANSFER_ENCODING = 4
export const TE = 5
export const UPGRADE = 6
export const KEEP_ALIVE = 7
export const PROXY_CONNECTION = 8
export const EXPECT = 9
export const REQUEST_ID = 10
export const FORWARDED_PROTO = 11
/** Any other "x-envoy-" field: words between the proxy and its neighbours. */
export const ENVOY = 12
export const SERVER = 13
export const DATE = 14
export const TRAILER = 15
export const PROXY_AUTHORIZATION = 16
export const HTTP2_SETTINGS = 17
export const UPSTREAM_SERVICE_TIME = 18
export const GRPC_STATUS = 19

const NAMES: readonly (readonly [name: string, id: number])[] = [
  ['host', HOST],
  ['connection', CONNECTION],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['te', TE],
  ['upgrade', UPGRADE],
  ['keep-alive', KEEP_ALIVE],
  ['proxy-connection', PROXY_CONNECTION],
  ['expect', EXPECT],
  ['x-request-id', REQUEST_ID],
  ['x-forwarded-proto', FORWARDED_PROTO],
  ['server', SERVER],
  ['date', DATE],
  ['trailer', TRAILER],
  ['proxy-authorization', PROXY_AUTHORIZATION],
  ['http2-settings', HTTP2_SETTINGS],
  ['x-envoy-upstream-service-time', UPSTREAM_SERVICE_TIME],
  ['grpc-status', GRPC_STATUS],
]

const ENVOY_PREFIX = 'x-envoy-'

interface KnownName {
  readonly bytes: Uint8Array
  readonly id: number
}

/** Known names by length: at most two candidates for a name, so most names are settled by one look. */
const BY_LENGTH: readonly (readonly KnownName[] | undefined)[] = indexByLength()

function indexByLength(): (KnownName[] | undefined)[] {
  const index: (KnownName[] | undefined)[] = []
  for (const [name, id] of NAMES) {
    const known = { bytes: Buffer.from(name, 'latin1'), id }
    const same = index[name.length]
    if (same === undefined) index[name.length] = [known]
    else same.push(known)
  }
  return index
}

const ENVOY_BYTES: Uint8Array = Buffer.from(ENVOY_PREFIX, 'latin1')

/** The id of the field name in `bytes[start, end)`, in whatever case it is written. */
export function fieldIdOf(bytes: Uint8Array, start: number, end: number): number {
  const candidates = BY_LENGTH[end - start]
  if (candidates !== undefined) {
    for (let i = 0; i < candidates.length; i++) {
      const known = candidates[i]!
      if (startsWith(bytes, start, known.bytes)) return known.id
    }
  }
  if (end - start > ENVOY_BYTES.length && startsWith(bytes, start, ENVOY_BYTES)) return ENVOY
  return OTHER_FIELD
}

/** Token characters only: for them setting bit 5 maps upper to lower case, and no other character to a letter or "-". */
function startsWith(bytes: Uint8Array, start: number, lowerCase: Uint8Array): boolean {
  for (let i = 0; i < lowerCase.length; i++) {
    if ((bytes[start + i]! | 0x20) !== lowerCase[i]!) return false
  }
  return true
}
