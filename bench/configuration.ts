import { createSnapshotSource } from '#control/snapshot/snapshot-source.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'
import type { NodeIdentity, ResourceSet } from '#xds/resource-set.ts'
import type { Ports } from './contender.ts'

const HOST = '127.0.0.1'
const NODE: NodeIdentity = {
  id: `sidecar~${HOST}~bench.default~default.svc.cluster.local`,
  cluster: 'bench',
  metadata: {},
}

/**
 * What both mesh data planes are configured with, Postern's proxy and Envoy: three ServiceEntries, one for each upstream, as the
 * control plane translates them (retries, attempt counts, circuit breakers and all), with the access log in `logFile`.
 */
export function meshResources(ports: Ports, upstream: Ports, logFile: string): ResourceSet {
  const documents = [
    serviceEntry('echo', 'TCP', ports.echo, upstream.echo),
    serviceEntry('source', 'TCP', ports.source, upstream.source),
    serviceEntry('web', 'HTTP', ports.http, upstream.http),
  ]
  const snapshots = createSnapshotSource()
  snapshots.update(configFromYaml(documents.join('---\n'), { accessLogFile: logFile }))
  return snapshots.current(NODE) as ResourceSet
}

function serviceEntry(name: string, protocol: string, port: number, to: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  addresses: [${HOST}]
  ports: [{ number: ${port}, name: ${name}, protocol: ${protocol} }]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{ address: ${HOST}, ports: { ${name}: ${to} } }]
`
}
