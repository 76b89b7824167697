import type { Sidecar } from '#api/networking/sidecar.ts'
import { compareServices, type MeshShard } from './mesh-shard.ts'
import { nameOf, type Rejection } from './rejection.ts'
import type { Service, ServicePort } from './service.ts'
import { importedPart } from './sidecar-scope.ts'

/** What the proxies of one namespace see of the hosts of one shard (spec 3.2). */
export interface VisibleServices {
  /** For listeners, routes and the name table: every service of the winning namespace of its host, private ones first, each group oldest first. */
  readonly listed: readonly Service[]
  /** For clusters: one service per host, ports merged in where that is allowed. */
  readonly byHost: ReadonlyMap<string, Service>
  /** What `spec.addresses` of all services of a host say, as written; hosts without any are not here. */
  readonly addressesByHost: ReadonlyMap<string, readonly string[]>
  /** Hosts that more than one service of the list has. */
  readonly sharedHosts: ReadonlySet<string>
  readonly rejections: readonly Rejection[]
}

/** Selects what a namespace sees, and of that what a Sidecar imports; linear in the number of services. */
export function visibleServices(shard: MeshShard, namespace: string, sidecar?: Sidecar): VisibleServices {
  const exported = inOrder(
    shard.services.filter((service) => isExportedTo(service, namespace)),
    namespace,
  )
  const candidates =
    sidecar === undefined ? exported : exported.flatMap((service) => importedPart(service, sidecar, namespace) ?? [])
  const winners = winningServices(candidates, namespace)
  const rejections: Rejection[] = []
  const listed = candidates.filter((service) => {
    const winner = winners.get(service.host)
    if (winner === undefined || winner.namespace === service.namespace) return true
    rejections.push(hostDefinedElsewhere(service, winner))
    return false
  })
  const sharedHosts = new Set<string>()
  const byHost = mergeByHost(listed, sharedHosts, rejections)
  return { listed, byHost, addressesByHost: addressesByHost(listed), sharedHosts, rejections: unique(rejections) }
}

/** Services that a namespace sees, of whichever shards: its own private ones first, then what others export to it, then everybody's; each group oldest first. */
export function inOrder(services: readonly Service[], namespace: string): readonly Service[] {
  return [...services].sort((a, b) => groupOf(a, namespace) - groupOf(b, namespace) || compareServices(a, b))
}

function groupOf({ visibility, namespace: own }: Service, namespace: string): number {
  if (visibility.kind === 'public') return 2
  return own === namespace ? 0 : 1
}

function isExportedTo({ visibility }: Service, namespace: string): boolean {
  return visibility.kind === 'public' || (visibility.kind === 'namespaces' && visibility.namespaces.has(namespace))
}

function addressesByHost(listed: readonly Service[]): ReadonlyMap<string, readonly string[]> {
  const byHost = new Map<string, string[]>()
  for (const { host, address } of listed) {
    if (address.kind === 'none') continue
    const text = address.kind === 'ip' ? address.address : address.cidr.text
    const held = byHost.get(host)
    if (held === undefined) byHost.set(host, [text])
    else if (!held.includes(text)) held.push(text)
  }
  return byHost
}

/** Per host: the own namespace wins, else the first (the oldest). */
function winningServices(candidates: readonly Service[], namespace: string): ReadonlyMap<string, Service> {
  const winners = new Map<string, Service>()
  for (const service of candidates) {
    const winner = winners.get(service.host)
    if (winner === undefined || (service.namespace === namespace && winner.namespace !== namespace))
      winners.set(service.host, service)
  }
  return winners
}

function mergeByHost(
  listed: readonly Service[],
  sharedHosts: Set<string>,
  rejections: Rejection[],
): ReadonlyMap<string, Service> {
  const byHost = new Map<string, Service>()
  for (const service of listed) {
    const first = byHost.get(service.host)
    if (first === undefined) {
      byHost.set(service.host, service)
      continue
    }
    sharedHosts.add(service.host)
    rejections.push(...differingProtocols(service, first))
    const missing = service.ports.filter((port) => !first.ports.some(({ number }) => number === port.number))
    if (missing.length === 0) continue
    if (first.mergeKey === service.mergeKey) byHost.set(service.host, { ...first, ports: [...first.ports, ...missing] })
    else rejections.push(...missing.map((port) => portNotMerged(service, port, first)))
  }
  return byHost
}

/** One cluster serves a port of a host, so its first definition decides what is spoken to it. */
function differingProtocols(service: Service, first: Service): readonly Rejection[] {
  return service.ports.flatMap((port) => {
    const decided = first.ports.find(({ number, protocol }) => number === port.number && protocol !== port.protocol)
    if (decided === undefined) return []
    const [here, there] = [port, decided].map(({ protocol }) => protocol || 'detected')
    const message = `port ${port.number} of host "${service.host}" is ${here} here and ${there} in ${nameOf(decided.definedBy)}, which comes first: its protocol decides`
    const because = decided.definedBy
    return [
      { code: 'protocol-differs' as const, object: port.definedBy, path: `${port.path}.protocol`, message, because },
    ]
  })
}

function hostDefinedElsewhere(service: Service, winner: Service): Rejection {
  const message = `host "${service.host}" is defined by ${nameOf(winner.definedBy)}, which proxies here use instead`
  return {
    code: 'host-defined-elsewhere',
    object: service.definedBy,
    path: 'spec.hosts',
    message,
    because: winner.definedBy,
  }
}

function portNotMerged(service: Service, port: ServicePort, first: Service): Rejection {
  const owner = nameOf(first.definedBy)
  const message = `port ${port.number} of host "${service.host}" is not added to those of ${owner}: namespace, resolution, labels, workloadSelector and exportTo must be the same`
  return { code: 'port-not-merged', object: service.definedBy, path: port.path, message, because: first.definedBy }
}

/** One rejection per object, path and message: a service entry with n addresses makes n services. */
function unique(rejections: readonly Rejection[]): readonly Rejection[] {
  const seen = new Map<string, Rejection>()
  for (const rejection of rejections)
    seen.set(`${nameOf(rejection.object)} ${rejection.path} ${rejection.message}`, rejection)
  return [...seen.values()]
}
