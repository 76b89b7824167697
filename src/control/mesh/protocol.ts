/** Protocols of a service port (spec 3.3), in canonical writing. "" asks for detection: an empty or an unknown protocol. */
export type Protocol =
  | 'TCP'
  | 'UDP'
  | 'TLS'
  | 'HTTPS'
  | 'MONGO'
  | 'REDIS'
  | 'MYSQL'
  | 'HTTP'
  | 'HTTP_PROXY'
  | 'HTTP2'
  | 'GRPC'
  | 'GRPC-WEB'
  | ''

/** What a listener does with a protocol; UDP has no listener. */
export type ListenerClass = 'http' | 'tcp' | 'auto' | 'none'

const CLASSES: ReadonlyMap<string, ListenerClass> = new Map<Protocol, ListenerClass>([
  ['TCP', 'tcp'],
  ['TLS', 'tcp'],
  ['HTTPS', 'tcp'],
  ['MONGO', 'tcp'],
  ['REDIS', 'tcp'],
  ['MYSQL', 'tcp'],
  ['HTTP', 'http'],
  ['HTTP_PROXY', 'http'],
  ['HTTP2', 'http'],
  ['GRPC', 'http'],
  ['GRPC-WEB', 'http'],
  ['UDP', 'none'],
])

/** Reads `ports[].protocol` of a service entry, case-insensitively; the port's name is not consulted (spec 3.3). */
export function parseProtocol(text: string): Protocol {
  const upper = text.toUpperCase()
  return CLASSES.has(upper) ? (upper as Protocol) : ''
}

export function listenerClass(protocol: Protocol): ListenerClass {
  return CLASSES.get(protocol) ?? 'auto'
}

/** The application speaks TLS itself: filter chains may match its SNI. */
export function isTls(protocol: Protocol): boolean {
  return protocol === 'TLS' || protocol === 'HTTPS'
}

/** Upstream connections are HTTP/2. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-WEB'
}

/** Ports that get virtual hosts: HTTP of any kind, and ports whose protocol is detected. */
export function carriesHttp(protocol: Protocol): boolean {
  const kind = listenerClass(protocol)
  return kind === 'http' || kind === 'auto'
}

/** The server speaks first, so no inspector may stand before these protocols (spec 3.5). */
export function isServerFirst(protocol: Protocol): boolean {
  return protocol === 'MONGO' || protocol === 'MYSQL'
}
