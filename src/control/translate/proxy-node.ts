import { isIPv4, isIPv6 } from 'node:net'
import { Fault } from '#base/fault.ts'
import type { Mesh } from '#control/mesh/mesh.ts'
import { sidecarFor } from '#control/mesh/sidecar-scope.ts'
import { keyOf } from '#kube/object.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'

/** All that a translation depends on beside the mesh: proxies that agree in these get the same resources. */
export interface ProxyNode {
  readonly namespace: string
  /** By which Sidecars select it. */
  readonly labels: Readonly<Record<string, string>>
  /** "NAMESPACE.svc.DOMAIN": short names of hosts below it are answered too. */
  readonly dnsDomain: string
  readonly ipFamilies: 'v4' | 'v6' | 'dual'
  /** The proxy's DNS responder answers virtual IPs; without it they would never be dialled. */
  readonly dnsCapture: boolean
  /** It takes the name table in parts: with ten thousand hosts the whole would go to every proxy for each new one. */
  readonly nameTableShards: boolean
  /** Where this proxy logs, whatever the mesh says; undefined: what the mesh says. */
  readonly accessLog?: { readonly file: string; readonly encoding: 'TEXT' | 'JSON' } | undefined
}

/**
 * Reads a node id "sidecar~IP~NAME.NAMESPACE~NAMESPACE.svc.DOMAIN" and the metadata that matters here (spec 7.1, 7.2):
 * INSTANCE_IPS (comma separated; default the id's IP) gives the families, DNS_CAPTURE "false" says that nothing answers
 * virtual IPs (default "true": Postern's sidecars always capture DNS), NAMESPACE overrides the id's, ACCESS_LOG_FILE and ACCESS_LOG_ENCODING
 * what the mesh says of the access log, NAME_TABLE_SHARDS "true" (default "false") asks for the name table in parts.
 * @throws Fault control/node-id
 */
export function proxyNodeOf(identity: NodeIdentity): ProxyNode {
  const parts = identity.id.split('~')
  const [type, ip, name, domain] = parts
  if (parts.length !== 4 || type !== 'sidecar' || ip === undefined || domain === undefined)
    throw badNodeId(identity.id, 'must be sidecar~IP~NAME.NAMESPACE~NAMESPACE.svc.DOMAIN')
  if (!isIPv4(ip) && !isIPv6(ip)) throw badNodeId(identity.id, `"${ip}" is not an IP address`)
  const instanceIps = text(identity.metadata.INSTANCE_IPS)
  return {
    namespace: text(identity.metadata.NAMESPACE) ?? domain.split('.')[0] ?? name?.split('.').at(-1) ?? 'default',
    labels: labelsOf(identity.metadata.LABELS),
    dnsDomain: domain,
    ipFamilies: familiesOf((instanceIps ?? ip).split(',')),
    dnsCapture: text(identity.metadata.DNS_CAPTURE)?.toLowerCase() !== 'false',
    nameTableShards: identity.metadata.NAME_TABLE_SHARDS === 'true',
    accessLog: accessLogOf(identity.metadata),
  }
}

function labelsOf(written: unknown): ProxyNode['labels'] {
  if (typeof written !== 'object' || written === null) return {}
  return Object.fromEntries(Object.entries(written).filter(([, value]) => typeof value === 'string'))
}

function accessLogOf({ ACCESS_LOG_FILE, ACCESS_LOG_ENCODING }: NodeIdentity['metadata']): ProxyNode['accessLog'] {
  const file = text(ACCESS_LOG_FILE)
  return file === undefined ? undefined : { file, encoding: ACCESS_LOG_ENCODING === 'JSON' ? 'JSON' : 'TEXT' }
}

/** One string per distinct node. */
export function viewKey({ labels, ...node }: ProxyNode): string {
  return JSON.stringify([node, Object.entries(labels).sort()])
}

/** The node that stands for all whose translations are the same as this one's: a namespace or a label that nothing is said of makes no difference. */
export function standIn(mesh: Mesh, node: ProxyNode): ProxyNode {
  const { namespace, dnsDomain } = node
  const [first = ''] = dnsDomain.split('.', 1)
  if (mesh.particular.has(namespace) || mesh.particular.has(first) || sidecarFor(mesh, node) !== undefined) return node
  return { ...node, namespace: '', labels: {}, dnsDomain: dnsDomain.slice(first.length) }
}

/** One string for all nodes whose translations are the same. */
export function translationKey(mesh: Mesh, node: ProxyNode): string {
  const { labels: _labels, ...rest } = standIn(mesh, node)
  const sidecar = sidecarFor(mesh, node)
  return JSON.stringify([rest, sidecar && keyOf(sidecar)])
}

/** "0.0.0.0", "::" or both: what a listener for any address binds to; the first one names it. */
export function wildcardsOf(node: ProxyNode): readonly [string, ...string[]] {
  if (node.ipFamilies === 'v6') return ['::']
  return node.ipFamilies === 'dual' ? ['0.0.0.0', '::'] : ['0.0.0.0']
}

function familiesOf(ips: readonly string[]): ProxyNode['ipFamilies'] {
  const trimmed = ips.map((ip) => ip.trim())
  const v4 = trimmed.some((ip) => isIPv4(ip))
  const v6 = trimmed.some((ip) => isIPv6(ip))
  if (v4 && v6) return 'dual'
  return v6 ? 'v6' : 'v4'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function badNodeId(id: string, why: string): Fault {
  return new Fault('control/node-id', `node id "${id}" cannot be served: ${why}`)
}
