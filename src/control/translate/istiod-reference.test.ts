import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { buildMesh } from '#control/mesh/mesh.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'
import { type Difference, differences } from '#test/dump-difference.ts'
import { dumpResources, type ResourceDump } from './dump.ts'
import { proxyNodeOf } from './proxy-node.ts'
import { translate } from './translation.ts'

/**
 * testdata/istiod holds what istiod 1.28.10 sent to the sidecar of a pod (10.1.0.1, namespace default, DNS capture on) for
 * inputs made of service entries. Every difference between that and ours is allowed here by a line that says why, or fails.
 */
const CASES = join(import.meta.dirname, 'testdata/istiod')

interface Meant {
  readonly where: string
  readonly why: string
  /** Cases in which it is not meant after all. */
  readonly notIn?: readonly string[]
}

/** Inputs with service entries on port 80, which share that port's listener and routes with the Service sleep. */
const ON_PORT_80 = ['export-to', 'http-static-endpoints', 'tls-origination-target-port', 'wildcard-http']

/** Differences that are meant, as patterns over "CASE: KIND NAME PATH" where * is any text. */
const MEANT: readonly Meant[] = [
  // The reference's world holds more than service entries.
  { where: '*: clusters inbound|8000||', why: 'inbound traffic is not carried yet' },
  { where: '*: clusters InboundPassthroughCluster', why: 'inbound traffic is not carried yet' },
  { where: '*: listeners virtualInbound', why: 'inbound traffic is not carried yet' },
  { where: '* *kubernetes.default.svc.cluster.local', why: 'a Service of the reference world, not a service entry' },
  { where: '* *sleep.default.svc.cluster.local', why: 'a Service of the reference world, not a service entry' },
  { where: '*virtualHosts[sleep.default.svc.cluster.local:80]', why: 'a Service of the reference world' },
  { where: '*: listeners 10.96.0.1_443', why: 'made by the Service kubernetes of the reference world' },
  { where: '*: listeners 0.0.0.0_80', why: 'made by the Service sleep of the reference world', notIn: ON_PORT_80 },
  { where: '*: routes 80', why: 'made by the Service sleep of the reference world', notIn: ON_PORT_80 },
  // Istio's own extensions, which released Envoy does not know.
  { where: '*: clusters * filters', why: 'istio.metadata_exchange is not in released Envoy' },
  { where: '*httpFilters[istio.metadata_exchange]', why: 'istio.metadata_exchange is not in released Envoy' },
  { where: '*httpFilters[istio.alpn]', why: 'istio.alpn is not in released Envoy' },
  // Filters that do nothing until something configures them.
  { where: '*httpFilters[envoy.filters.http.fault]', why: 'faults are configured by virtual services only' },
  { where: '*httpFilters[envoy.filters.http.cors]', why: 'CORS is configured by virtual services only' },
  { where: '*httpFilters[envoy.filters.http.grpc_stats]', why: 'counts gRPC messages for istio.stats' },
  { where: '*typedConfig.tracing', why: 'there is no tracing provider to send spans to' },
  // Telemetry labels of Kubernetes.
  { where: '*: endpoints *lbEndpoints[*].metadata', why: 'istio.workload names a pod and its cluster: there is none' },
  { where: '*: clusters *lbEndpoints[*].metadata', why: 'istio.workload names a pod and its cluster: there is none' },
  // Ours.
  { where: '*: clusters * metadata.filterMetadata.postern', why: 'names the object for denials; Envoy ignores it' },
  { where: '*: clusters * dnsJitter', why: 'newer than the Envoy API that src/xds/gen is made from' },
  // What else an input holds: DestinationRules are not read yet.
  { where: 'http-static-endpoints: *|v1|static.example.com', why: 'a subset of the DestinationRule' },
  { where: 'http-static-endpoints: *|v2|static.example.com', why: 'a subset of the DestinationRule' },
  { where: '*: clusters * metadata.filterMetadata.istio.config', why: 'names the DestinationRule' },
  { where: '*: clusters * metadata.filterMetadata.istio.alpn_override', why: 'TLS of the DestinationRule' },
  { where: 'tls-origination-*: clusters * transportSocket', why: 'TLS of the DestinationRule' },
  { where: 'tls-origination-port-443: clusters * typedExtensionProtocolOptions', why: 'SNI of the DestinationRule' },
]

for (const name of readdirSync(CASES).sort())
  test(`istiod and we agree on ${name}`, () => {
    const theirs = readReference(name)
    const ours = translateCase(name)
    const found = differences(theirs, renameVirtualIps(ours, theirs)).filter((difference) => !isMeant(name, difference))
    assert.deepEqual(found.map(inWords), [])
  })

test('every meant difference occurs', () => {
  const all = readdirSync(CASES).flatMap((name) => {
    const theirs = readReference(name)
    return differences(theirs, renameVirtualIps(translateCase(name), theirs)).map((found) => `${name}: ${found.where}`)
  })
  const idle = MEANT.filter(({ where }) => !all.some((found) => matches(where, found)))
  assert.deepEqual(idle, [])
})

function isMeant(name: string, difference: Difference): boolean {
  return MEANT.some(({ where, notIn }) => !notIn?.includes(name) && matches(where, `${name}: ${difference.where}`))
}

function inWords({ where, theirs, ours }: Difference): string {
  return `${where}: istiod sends ${JSON.stringify(theirs)}, we send ${JSON.stringify(ours)}`
}

function matches(pattern: string, text: string): boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`).test(text)
}

function translateCase(name: string): ResourceDump {
  const file = join(CASES, name, 'in.yaml')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const mode = name === 'sidecar-allow-any' ? 'ALLOW_ANY' : 'REGISTRY_ONLY'
  const config = configFromYaml(text, { accessLogFile: '/dev/stdout', outboundTrafficPolicy: { mode } })
  const node = proxyNodeOf({
    id: 'sidecar~10.1.0.1~sleep-1.default~default.svc.cluster.local',
    cluster: 'sleep.default',
    metadata: {},
  })
  return dumpResources(translate(buildMesh(config), node))
}

/** All that istiod sent: the files hold what differs from what it sent for an empty configuration. */
function readReference(name: string): ResourceDump {
  const base = readJson('nothing') as unknown as Record<keyof ResourceDump, JsonObject[]>
  if (name === 'nothing') return base as unknown as ResourceDump
  const delta = readJson(name) as Record<string, JsonObject>
  const merged = (kind: 'clusters' | 'listeners' | 'routes' | 'endpoints') => {
    const changed = (delta[kind]?.changed ?? []) as JsonObject[]
    const removed = (delta[kind]?.removed ?? []) as string[]
    const gone = new Set([...changed.map(nameOf), ...removed])
    return [...base[kind].filter((resource) => !gone.has(nameOf(resource))), ...changed]
  }
  return {
    clusters: merged('clusters'),
    listeners: merged('listeners'),
    routes: merged('routes'),
    endpoints: merged('endpoints'),
    names: { ...(base.names as unknown as JsonObject), ...delta.names },
  }
}

function readJson(name: string): JsonObject {
  return JSON.parse(readFileSync(join(CASES, name, 'sidecar.json'), 'utf8')) as JsonObject
}

function nameOf(resource: JsonObject): string {
  return String(resource.name ?? resource.clusterName)
}

/** Automatic addresses are arbitrary: ours are put into istiod's places, host by host, as its name table has them. */
function renameVirtualIps(ours: ResourceDump, theirs: ResourceDump): ResourceDump {
  let text = JSON.stringify(ours)
  for (const [host, record] of Object.entries(ours.names as JsonObject)) {
    const [mine] = (record as { ips: string[] }).ips
    const [yours] = ((theirs.names as JsonObject)[host] as { ips: string[] } | undefined)?.ips ?? []
    if (mine?.startsWith('240.240.') && yours?.startsWith('240.240.'))
      text = text.replaceAll(new RegExp(`${mine.replaceAll('.', '\\.')}(?![0-9])`, 'g'), yours)
  }
  return JSON.parse(text) as JsonValue as unknown as ResourceDump
}
