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

const USUAL_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  ...[80, 3000, 8000, 8080].map((port) => [port, 'HTTP'] as const),
  ...[443, 465, 636, 853, 989, 990, 993, 995, 5671, 6443, 8443, 8883, 9443].map((port) => [port, 'TLS'] as const),
  [3306, 'MYSQL'],
  [27017, 'MONGO'],
])

/**
 * What to declare a port of a named host as: what is asked for, else what the port usually carries. TCP on a database's port is that
 * database's protocol: its server speaks first, so no bytes could tell.
 */
export function protocolOfPort(port: number, asked: string | undefined): string {
  const usual = USUAL_PROTOCOLS.get(port) ?? 'TCP'
  const protocol = asked?.toUpperCase() ?? usual
  return protocol === 'TCP' && (usual === 'MYSQL' || usual === 'MONGO') ? usual : protocol
}

/** A port as service entries that are made up here have it. */
export function servicePort(number: number, protocol: string): { number: number; name: string; protocol: string } {
  return { number, name: `${protocol.toLowerCase().replaceAll('_', '-')}-${number}`, protocol }
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
