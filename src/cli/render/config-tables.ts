import type { ApiObject } from '#kube/client/resource.ts'
import { splitApiVersion } from '#kube/client/resource.ts'
import { renderAge } from './age.ts'

type Json = Readonly<Record<string, unknown>>

interface TableShape {
  readonly header: readonly string[]
  cells(object: ApiObject, now: Date): readonly string[]
}

/** Tables of the kinds that istioctl 1.0 had columns for (spec 2.4). */
const SHAPES: Readonly<Record<string, TableShape>> = {
  Gateway: {
    header: ['GATEWAY NAME', 'HOSTS', 'NAMESPACE', 'AGE'],
    cells: (gateway, now) => {
      const hosts = new Set(list(specOf(gateway).servers).flatMap((server) => list(fieldsOf(server).hosts).map(String)))
      return [gateway.metadata.name, [...hosts].join(','), ...tail(gateway, now)]
    },
  },
  VirtualService: {
    header: ['VIRTUAL-SERVICE NAME', 'GATEWAYS', 'HOSTS', '#HTTP', '#TCP', 'NAMESPACE', 'AGE'],
    cells: (service, now) => {
      const { gateways, hosts, http, tcp } = specOf(service)
      const counts = [String(list(http).length).padStart(5), String(list(tcp).length).padStart(4)]
      return [service.metadata.name, list(gateways).join(','), list(hosts).join(','), ...counts, ...tail(service, now)]
    },
  },
  DestinationRule: {
    header: ['DESTINATION-RULE NAME', 'HOST', 'SUBSETS', 'NAMESPACE', 'AGE'],
    cells: (rule, now) => {
      const { host, subsets } = specOf(rule)
      const names = list(subsets).map((subset) => fieldsOf(subset).name)
      return [rule.metadata.name, String(host ?? ''), names.join(','), ...tail(rule, now)]
    },
  },
  ServiceEntry: {
    header: ['SERVICE-ENTRY NAME', 'HOSTS', 'PORTS', 'NAMESPACE', 'AGE'],
    cells: (entry, now) => {
      const { hosts, ports } = specOf(entry)
      const texts = list(ports).map((port) => `${fieldsOf(port).protocol ?? ''}/${fieldsOf(port).number}`)
      return [entry.metadata.name, list(hosts).join(','), texts.join(','), ...tail(entry, now)]
    },
  },
}

/** The kinds of Istio 0.x had no ages; their KIND is as istioctl 0.6 wrote it. */
const LEGACY: TableShape = {
  header: ['NAME', 'KIND', 'NAMESPACE'],
  cells: (object) => [object.metadata.name, longKind(object), object.metadata.namespace ?? ''],
}

const OTHER: TableShape = {
  header: ['NAME', 'KIND', 'NAMESPACE', 'AGE'],
  cells: (object, now) => [object.metadata.name, longKind(object), ...tail(object, now)],
}

/** One table for each kind, a blank line between them. */
export function renderConfigTables(objects: readonly ApiObject[], now: Date): string {
  const tables = [
    ...Map.groupBy(objects, ({ apiVersion, kind }) => `${splitApiVersion(apiVersion).group} ${kind}`).values(),
  ]
  return tables
    .map((table) => {
      const shape = shapeOf(table[0]!)
      return alignColumns([shape.header, ...table.map((object) => shape.cells(object, now))])
    })
    .join('\n')
}

function shapeOf({ apiVersion, kind }: ApiObject): TableShape {
  const { group } = splitApiVersion(apiVersion)
  if (group === 'config.istio.io') return LEGACY
  return (group === 'networking.istio.io' ? SHAPES[kind] : undefined) ?? OTHER
}

const LEAST_WIDTH = 10
const GAP = 3

/** Columns as wide as their widest cell and three blanks, at least ten; the last one ends where its text does. */
function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(LEAST_WIDTH, ...rows.map((row) => (row[column]?.length ?? 0) + GAP)),
  )
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('')
  return `${rows.map(line).join('\n')}\n`
}

/** "EgressRule.config.istio.io.v1alpha2" */
function longKind({ apiVersion, kind }: ApiObject): string {
  const { group, version } = splitApiVersion(apiVersion)
  return [kind, group, version].filter((part) => part !== '').join('.')
}

function tail({ metadata }: ApiObject, now: Date): readonly string[] {
  return [metadata.namespace ?? '', renderAge(metadata.creationTimestamp, now)]
}

function specOf({ spec }: ApiObject): Json {
  return fieldsOf(spec)
}

function fieldsOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
