import { renderTable } from './table.ts'

/** A value of protobuf JSON, as the resources are printed. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One resource, or a part of one: only what the tables show is named. */
interface Resource {
  readonly [key: string]: Json
}

type Row = readonly string[]

/** `SERVICE FQDN PORT SUBSET DIRECTION TYPE DESTINATION RULE`, as istioctl shows clusters (spec 8.1). */
export function clusterTable(clusters: readonly Json[]): string {
  const rows = clusters.map((cluster): Row => {
    const name = text(cluster, 'name')
    const [direction = '-', port = '-', subset, ...host] = name.split('|')
    const fqdn = host.length === 0 ? [name, '-', '-', '-'] : [host.join('|'), port, subset || '-', direction]
    return [...fqdn, text(cluster, 'type'), '']
  })
  const header = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE']
  return renderTable(header, rows.sort(by(0, 1)))
}

/** `ADDRESSES PORT MATCH DESTINATION`: one row for each filter chain. */
export function listenerTable(listeners: readonly Json[]): string {
  const rows = listeners.flatMap((listener): readonly Row[] => {
    const sockets = [listener, ...list(listener, 'additionalAddresses')].map((one) =>
      at(one, 'address', 'socketAddress'),
    )
    const addresses = sockets.map((socket) => text(socket, 'address')).join(',')
    const port = text(sockets[0], 'portValue')
    const fallback = at(listener, 'defaultFilterChain')
    const chains = [...list(listener, 'filterChains'), ...(fallback === undefined ? [] : [fallback])]
    return chains.map((chain) => [addresses, port, matchOf(chain), destinationOf(chain)])
  })
  return renderTable(['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'], rows.sort(by(1, 0)))
}

/** `NAME VHOST NAME DOMAINS MATCH VIRTUAL SERVICE`: one row for each route. */
export function routeTable(routes: readonly Json[]): string {
  const rows = routes.flatMap((table) =>
    list(table, 'virtualHosts').flatMap((host) =>
      list(host, 'routes').map((route): Row => {
        const [first = '', ...others] = list(host, 'domains').map(String)
        const domains = others.length === 0 ? first : `${first}, ${others[0]}`
        const more = others.length > 1 ? ` + ${others.length - 1} more...` : ''
        return [text(table, 'name'), text(host, 'name'), domains + more, pathOf(at(route, 'match')), '']
      }),
    ),
  )
  return renderTable(['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'], rows)
}

/** `ENDPOINT STATUS OUTLIER CHECK CLUSTER`: those that are sent, and those that clusters hold; nothing has been checked yet. */
export function endpointTable(endpoints: readonly Json[], clusters: readonly Json[]): string {
  const held = clusters.flatMap((cluster) => at(cluster, 'loadAssignment') ?? [])
  const rows = [...endpoints, ...held].flatMap((assignment) =>
    list(assignment, 'endpoints').flatMap((locality) =>
      list(locality, 'lbEndpoints').map((endpoint): Row => {
        const status = text(endpoint, 'healthStatus') || 'UNKNOWN'
        return [addressOf(at(endpoint, 'endpoint', 'address')), status, '-', text(assignment, 'clusterName')]
      }),
    ),
  )
  return renderTable(['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'], rows.sort(by(3, 0)))
}

/** istioctl's words for a filter chain match: "ALL", "SNI: x", "Trans: raw_buffer; App: http/1.1,h2c", "Addr: 10.0.0.0/8:*". */
function matchOf(chain: Json): string {
  const match = at(chain, 'filterChainMatch')
  const ranges = list(match, 'prefixRanges').map(
    (range) => `${text(range, 'addressPrefix')}/${text(range, 'prefixLen')}`,
  )
  const port = text(match, 'destinationPort')
  const words = [
    labelled('SNI', list(match, 'serverNames').join(',')),
    labelled('Trans', text(match, 'transportProtocol')),
    labelled('App', list(match, 'applicationProtocols').join(',')),
    ranges.length > 0 || port !== '' ? `Addr: ${ranges.join(',') || '*'}${port === '' ? '' : `:${port}`}` : '',
  ]
  return words.filter((word) => word !== '').join('; ') || 'ALL'
}

function destinationOf(chain: Json): string {
  const last = list(chain, 'filters').at(-1)
  const config = at(last, 'typedConfig')
  const route = text(at(config, 'rds'), 'routeConfigName')
  if (route !== '') return `Route: ${route}`
  const cluster = text(config, 'cluster')
  return cluster.includes('|') ? `Cluster: ${cluster}` : cluster
}

function pathOf(match: Json | undefined): string {
  const prefix = text(match, 'prefix')
  if (prefix !== '') return `${prefix}*`
  return text(match, 'path') || text(at(match, 'safeRegex'), 'regex')
}

function addressOf(address: Json | undefined): string {
  const pipe = at(address, 'pipe')
  if (pipe !== undefined) return `unix://${text(pipe, 'path')}`
  const socket = at(address, 'socketAddress')
  const ip = text(socket, 'address')
  return `${ip.includes(':') ? `[${ip}]` : ip}:${text(socket, 'portValue')}`
}

function labelled(label: string, value: string): string {
  return value === '' ? '' : `${label}: ${value}`
}

/** Orders rows by two columns; ports as numbers. */
function by(first: number, second: number): (a: Row, b: Row) => number {
  const compare = (a: string, b: string) => Number(a) - Number(b) || (a < b ? -1 : a > b ? 1 : 0)
  return (a, b) => compare(a[first] ?? '', b[first] ?? '') || compare(a[second] ?? '', b[second] ?? '')
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found = value
  for (const key of path) found = isResource(found) ? found[key] : undefined
  return found
}

function text(value: Json | undefined, key: string): string {
  const found = at(value, key)
  return found === undefined || found === null ? '' : String(found)
}

function list(value: Json | undefined, key: string): readonly Json[] {
  const found = at(value, key)
  return Array.isArray(found) ? found : []
}

function isResource(value: Json | undefined): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
