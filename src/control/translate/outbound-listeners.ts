import { isServerFirst, isTls, listenerClass, type Protocol } from '#control/mesh/protocol.ts'
import { nameOf, type Rejection } from '#control/mesh/rejection.ts'
import type { Service, ServicePort } from '#control/mesh/service.ts'
import { chainKey, chainsOf, type OutboundChain } from './outbound-chains.ts'
import { type ProxyNode, wildcardsOf } from './proxy-node.ts'

/** One outbound listener before it becomes a message. */
export interface OutboundListener {
  /** "BIND_PORT" (spec 3.4) */
  readonly name: string
  /** The first address names the listener; a dual-stack proxy has a second one. */
  readonly binds: readonly [string, ...string[]]
  readonly port: number
  /** Oldest first; no two match the same connections. */
  readonly chains: readonly OutboundChain[]
}

export interface OutboundListeners {
  readonly listeners: readonly OutboundListener[]
  readonly rejections: readonly Rejection[]
}

interface Draft {
  readonly name: string
  readonly binds: readonly [string, ...string[]]
  readonly port: number
  /** Of the service that made the listener; "" once HTTP and other bytes are told apart on it. */
  protocol: Protocol
  readonly chains: Map<string, OutboundChain>
}

/** Listeners of ours: nothing else may listen there (spec 3.4). */
export const RESERVED_PORTS: ReadonlySet<number> = new Set([15001, 15006, 15021, 15090])

/** Decides which listeners a proxy has and which chains they hold: services in order, the first one wins (spec 3.4, 3.5). */
export function outboundListeners(services: readonly Service[], node: ProxyNode): OutboundListeners {
  const drafts = new Map<string, Draft>()
  const rejections: Rejection[] = []
  const wildcards = wildcardsOf(node)
  for (const service of services)
    for (const port of service.ports) {
      const binds = bindsOf(service, port, node, wildcards)
      if (binds === undefined) continue
      if (binds === wildcards && RESERVED_PORTS.has(port.number)) rejections.push(reservedPort(port))
      else if (binds === wildcards && isTls(port.protocol) && isPartialWildcard(service.host))
        rejections.push(partialWildcard(service, port))
      else addTo(drafts, binds, chainsOf(service, port, binds === wildcards ? wildcards : undefined), rejections)
    }
  const listeners = [...drafts.values()].map((draft) => ({ ...draft, chains: [...draft.chains.values()] }))
  return { listeners, rejections }
}

function bindsOf(service: Service, port: ServicePort, node: ProxyNode, wildcards: readonly [string, ...string[]]) {
  const kind = listenerClass(port.protocol)
  if (kind === 'none') return undefined
  if (kind === 'http') return wildcards
  switch (service.address.kind) {
    case 'ip':
      return [service.address.address] as const
    case 'cidr':
      return wildcards
    case 'none': {
      // What a selector finds is dialled at its own address: there is no address to listen on before it finds something.
      if (service.resolution === 'NONE' && service.selected) return undefined
      return virtualIpsOf(service, node) ?? wildcards
    }
  }
}

/** The automatic addresses that this proxy's application can be told; undefined when there are none. */
export function virtualIpsOf(service: Service, node: ProxyNode): readonly [string, ...string[]] | undefined {
  if (service.virtualIps === undefined || !node.dnsCapture) return undefined
  const { v4, v6 } = service.virtualIps
  if (node.ipFamilies === 'dual') return [v4, v6]
  return node.ipFamilies === 'v6' ? [v6] : [v4]
}

function addTo(
  drafts: Map<string, Draft>,
  binds: readonly [string, ...string[]],
  incoming: readonly [OutboundChain, ...OutboundChain[]],
  rejections: Rejection[],
): void {
  const { service, port } = incoming[0]
  const name = `${binds[0]}_${port.number}`
  const existing = drafts.get(name)
  // HTTP is always told apart from other bytes, which fall through to the policy for unknown destinations.
  const protocol = listenerClass(port.protocol) === 'http' ? '' : port.protocol
  if (existing === undefined) {
    const chains = new Map(incoming.map((chain) => [chainKey(chain), chain]))
    drafts.set(name, { name, binds, port: port.number, protocol, chains })
    return
  }
  // The listener tells HTTP apart already: the service's virtual host is all that it needs.
  if (listenerClass(port.protocol) === 'http' && existing.protocol === '') return
  if (excludesOthers(port.protocol, existing.protocol)) {
    rejections.push(serverFirstConflict(existing, service, port))
    return
  }
  if (listenerClass(port.protocol) !== 'tcp') existing.protocol = ''
  merge(existing, incoming, rejections)
}

/** Server-first protocols share a listener with their like only. */
function excludesOthers(incoming: Protocol, existing: Protocol): boolean {
  return incoming !== existing && (isServerFirst(incoming) || isServerFirst(existing))
}

function merge(draft: Draft, incoming: readonly OutboundChain[], rejections: Rejection[]): void {
  for (const chain of incoming) {
    const key = chainKey(chain)
    const first = draft.chains.get(key)
    if (first === undefined) draft.chains.set(key, chain)
    else if (!sharesRoutes(chain, first)) rejectChain(draft, chain, first, rejections)
  }
}

/** Services whose routes are in one table are told apart by their hosts. */
function sharesRoutes({ target }: OutboundChain, { target: first }: OutboundChain): boolean {
  return target.kind === 'http' && first.kind === 'http' && target.routeConfig === first.routeConfig
}

function rejectChain(draft: Draft, chain: OutboundChain, first: OutboundChain, rejections: Rejection[]): void {
  const { service, port } = chain
  if (service.host === first.service.host && service.namespace === first.service.namespace) return
  const cause = first.port.definedBy
  const detected = chain.target.kind === 'http' ? 'HTTP' : 'bytes other than HTTP'
  const what = `${port.protocol === '' ? `${detected} on ` : ''}port ${port.number}`
  const message = `${what} of host "${service.host}" cannot be told from host "${first.service.host}" of ${nameOf(cause)}, which comes first on listener ${draft.name} and gets these connections: give the hosts different addresses`
  rejections.push({ code: 'listener-conflict', object: port.definedBy, path: port.path, message, because: cause })
}

function serverFirstConflict(draft: Draft, service: Service, port: ServicePort): Rejection {
  const [first] = draft.chains.values()
  const cause = first?.port.definedBy ?? port.definedBy
  const protocols = `${port.protocol || 'a detected protocol'} beside ${draft.protocol || 'detected protocols'}`
  const message = `port ${port.number} of host "${service.host}" has no effect: ${protocols} of ${nameOf(cause)}, which comes first on listener ${draft.name}, does not work, because MYSQL and MONGO servers speak first: give the hosts different addresses`
  return { code: 'listener-conflict', object: port.definedBy, path: port.path, message, because: cause }
}

/** "*foo.com": filter chains match whole labels of server names only, and Envoy refuses a listener that asks for more. */
function isPartialWildcard(host: string): boolean {
  return host.startsWith('*') && !host.startsWith('*.')
}

function partialWildcard({ host }: Service, port: ServicePort): Rejection {
  const whole = `*.${host.replace(/^\*[-.]?/, '')}`
  const message = `host "${host}" matches no server name, so port ${port.number} stays denied: server names have wildcards of whole labels only, e.g. "${whole}"`
  return { code: 'partial-wildcard', object: port.definedBy, path: 'spec.hosts', message, because: undefined }
}

function reservedPort(port: ServicePort): Rejection {
  const message = `port ${port.number} is one of the sidecar's own: give the service an address to use it`
  return { code: 'reserved-port', object: port.definedBy, path: port.path, message, because: undefined }
}
