import { isDnsLabel } from './domain-name.ts'

/** Rules about ports and their protocols (spec 1.0, scalar validators). */

/** A protocol that a port of a service entry can name; "unset" asks for detection. */
export type Protocol =
  | 'tcp'
  | 'udp'
  | 'grpc'
  | 'grpc-web'
  | 'http'
  | 'http_proxy'
  | 'http2'
  | 'https'
  | 'tls'
  | 'mongo'
  | 'redis'
  | 'mysql'

export const PROTOCOLS: readonly Protocol[] = [
  'tcp',
  'udp',
  'grpc',
  'grpc-web',
  'http',
  'http_proxy',
  'http2',
  'https',
  'tls',
  'mongo',
  'redis',
  'mysql',
]

const HTTP_CLASS: ReadonlySet<string> = new Set(['http', 'http2', 'http_proxy', 'grpc', 'grpc-web'])
const TCP_CLASS: ReadonlySet<string> = new Set(['tcp', 'https', 'tls', 'mongo', 'redis', 'mysql'])
const TLS_CLASS: ReadonlySet<string> = new Set(['https', 'tls'])

/** The protocol a name means, in whatever case it is written; undefined when there is none of that name. */
export function parseProtocol(name: string): Protocol | undefined {
  const lower = name.toLowerCase()
  return PROTOCOLS.find((protocol) => protocol === lower)
}

export function isHttpClass(name: string): boolean {
  return HTTP_CLASS.has(name.toLowerCase())
}

export function isTcpClass(name: string): boolean {
  return TCP_CLASS.has(name.toLowerCase())
}

export function isTlsClass(name: string): boolean {
  return TLS_CLASS.has(name.toLowerCase())
}

export function faultOfPort(number: number): string | undefined {
  return number >= 1 && number <= 65535 ? undefined : `port number ${number} must be in the range 1..65535`
}

export function faultOfPortName(name: string): string | undefined {
  return isDnsLabel(name) ? undefined : `invalid port name: ${name}`
}

export function faultOfProtocol(name: string): string | undefined {
  return name === '' || parseProtocol(name) !== undefined ? undefined : `unsupported protocol: ${name}`
}
