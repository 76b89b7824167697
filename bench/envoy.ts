import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dumpSet } from '#control/translate/dump.ts'
import { meshResources } from './configuration.ts'
import type { Contender, Ports } from './contender.ts'
import { onPath } from './rivals.ts'

/** What istiod sent a sidecar (src/control/translate/istiod-reference.test.ts). */
const FROM_ISTIOD = join(import.meta.dirname, '../src/control/translate/testdata/istiod/nothing/sidecar.json')

/** Envoy with what our control plane sends a sidecar: the configuration that Postern's proxy has. */
export const ENVOY: Contender = envoy('Envoy', () => {})

/**
 * Envoy with what istiod sends besides, in every HTTP listener, whether anything is to be done by it or not: filters, and the settings
 * of tracing. Without Istio's own filters (statistics, metadata exchange, ALPN), which Envoy as it is released does not have.
 */
export const ISTIOS_ENVOY: Contender = envoy("Istio's Envoy", (manager) => {
  const sent = JSON.parse(readFileSync(FROM_ISTIOD, 'utf8')) as { listeners: ListenerJson[] }
  const managers = sent.listeners.filter(({ name }) => name === '0.0.0.0_80').flatMap(managersOf)
  const [{ httpFilters, tracing }] = managers as [HttpManagerJson]
  manager.httpFilters = httpFilters.filter(({ name }) => !String(name).startsWith('istio.'))
  manager.tracing = tracing
})

function envoy(name: string, change: (manager: HttpManagerJson) => void): Contender {
  return {
    name,
    absence: 'tools/envoy',
    command(ports, upstream, directory) {
      const program = envoyBinary()
      if (program === undefined) return undefined
      const stem = join(directory, `envoy-${ports.http}`)
      writeFileSync(`${stem}.json`, JSON.stringify(bootstrap(ports, upstream, `${stem}-access.log`, change)))
      return [program, '-c', `${stem}.json`, '--concurrency', '1', '--use-dynamic-base-id', '--log-level', 'error']
    },
  }
}

/** The binary that tools/envoy fetched, or the machine's own. */
function envoyBinary(): string | undefined {
  const cache = join(import.meta.dirname, '..', '.cache', 'envoy')
  const fetched = existsSync(cache)
    ? readdirSync(cache, { recursive: true, withFileTypes: true }).find((one) => one.isFile() && one.name === 'envoy')
    : undefined
  return fetched === undefined ? onPath('envoy') : join(fetched.parentPath, fetched.name)
}

/** Protobuf JSON, as far as it is looked into here. */
interface Json {
  [field: string]: unknown
}

interface ListenerJson extends Json {
  readonly name: string
  readonly address: { readonly socketAddress: { address: string } }
  readonly filterChains: readonly { readonly filters: readonly { readonly typedConfig: Json }[] }[]
}

interface HttpManagerJson extends Json {
  httpFilters: readonly Json[]
  readonly rds: { readonly routeConfigName: string }
}

function managersOf({ filterChains }: ListenerJson): HttpManagerJson[] {
  const filters = filterChains.flatMap((chain) => chain.filters.map((filter) => filter.typedConfig))
  return filters.filter((filter): filter is HttpManagerJson => filter.httpFilters !== undefined)
}

/** What a sidecar asks for piece by piece, in one file; and the listeners, to which connections are redirected there, listen themselves. */
function bootstrap(ports: Ports, upstream: Ports, log: string, change: (manager: HttpManagerJson) => void): Json {
  const dump = dumpSet(meshResources(ports, upstream, log))
  const [routes, endpoints] = [dump.routes, dump.endpoints] as unknown as [Json[], Json[]]
  const listeners = (dump.listeners as unknown as ListenerJson[]).filter(({ name }) => name !== 'virtualOutbound')
  for (const listener of listeners) {
    delete listener.bindToPort
    listener.address.socketAddress.address = '127.0.0.1'
    for (const manager of managersOf(listener)) {
      manager.routeConfig = routes.find(({ name }) => name === manager.rds.routeConfigName)
      delete (manager as Json).rds
      change(manager)
    }
  }
  const clusters = dump.clusters as unknown as Json[]
  for (const cluster of clusters.filter(({ type }) => type === 'EDS')) {
    cluster.type = 'STATIC'
    cluster.loadAssignment = endpoints.find(({ clusterName }) => clusterName === cluster.name)
    delete cluster.edsClusterConfig
  }
  return { staticResources: { listeners, clusters } }
}
