import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkManifestFile } from '#api/document.ts'
import { DEFAULT_MESH_CONFIG } from '#api/mesh-config.ts'
import type { ServiceEntry } from '#api/service-entry.ts'
import { formatHostPort } from '#base/host-port.ts'
import { TimerWheel } from '#base/timer-wheel.ts'
import { createSnapshotSource } from '#control/snapshot/snapshot-source.ts'
import { parseManifests } from '#kube/manifest.ts'
import { Clusters } from '#proxy/cluster/clusters.ts'
import type { HostChoice, UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import { compileResources } from '#proxy/config/compile-resources.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import { OutBuffer } from '#proxy/connection/out-buffer.ts'
import { ReadBuffer } from '#proxy/connection/read-buffer.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { type Decision, decide, type HypotheticalCall, Matchers } from '#proxy/decision/decide.ts'
import type { NameLookup } from '#proxy/dns/name-lookup.ts'
import { createHttpFactory } from '#proxy/http/connection-manager.ts'
import { Dispatcher } from '#proxy/listener/dispatcher.ts'
import type { FilterEnv } from '#proxy/network-filters/terminal.ts'
import { ProxyStats } from '#proxy/stats/proxy-stats.ts'
import { clientHello, inRecords, serverNameExtension } from '#test/client-hello.ts'
import { NO_RESOLVER, TEST_DENIER } from '#test/http-loopback.ts'
import { ScriptedConnection } from '#test/scripted-connection.ts'

/**
 * What `postern why` says is what the data plane does: random service entries are translated, compiled, and random calls on them are both
 * decided and made. The calls go through the dispatcher, its inspectors and filters and the HTTP connection manager; only sockets are not there.
 * POSTERN_DECISION_RUNS sets how many configurations are tried, with 20 calls each.
 */
const RUNS = Number(process.env.POSTERN_DECISION_RUNS ?? 150)
const CALLS_PER_CONFIG = 20

const HOSTS = ['a.example', 'b.a.example', '*.a.example', '*.example', 'c.example', 'db.default.svc.cluster.local']
const ADDRESSES = ['10.0.0.1', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '0.0.0.0/0', '2001:db8::1', '2001:db8::/32']
const DIALLED = ['10.0.0.1', '10.1.2.3', '10.1.9.9', '192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db9::1']
const PORTS = [80, 443, 3306, 8080]
const PROTOCOLS = ['', 'HTTP', 'HTTP2', 'GRPC', 'TCP', 'TLS', 'HTTPS', 'MYSQL', 'MONGO', 'REDIS', 'UDP']
const NAMES = [
  '',
  'a.example',
  'A.Example',
  'b.a.example',
  'c.b.a.example',
  'c.example',
  'c.example.',
  'example',
  'x.test',
  'db',
  'db.default',
]

const arbitraryPort = fc.record({
  number: fc.constantFrom(...PORTS),
  protocol: fc.constantFrom(...PROTOCOLS),
  targetPort: fc.constantFrom(0, 0, 9000),
})
const arbitraryEntry = fc.record({
  namespace: fc.constantFrom('default', 'default', 'other'),
  hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 2 }),
  addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 }),
  ports: fc.uniqueArray(arbitraryPort, { minLength: 1, maxLength: 3, selector: ({ number }) => number }),
  resolution: fc.constantFrom('NONE', 'STATIC', 'DNS'),
  endpoints: fc.constantFrom([], [], [{ address: '192.0.2.80' }]),
  exportTo: fc.constantFrom([], [], ['.'], ['*'], ['default']),
})
const arbitraryCall = fc.record({
  ip: fc.constantFrom(...DIALLED, 'automatic'),
  port: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...PORTS) },
    { weight: 1, arbitrary: fc.constantFrom(15_001, 9999) },
  ),
  protocol: fc.constantFrom('tcp', 'tls', 'http'),
  name: fc.constantFrom(...NAMES),
  withPort: fc.boolean(),
  /** Which service's port and host are meant instead; undefined: none. */
  aim: fc.option(fc.nat(), { freq: 2 }),
  spelling: fc.constantFrom('', '.', 'upper'),
})

test('why says what the data plane does', (t) => {
  const seen = new Map<string, number>()
  const property = fc.property(
    fc.array(arbitraryEntry, { maxLength: 5 }),
    fc.constantFrom('REGISTRY_ONLY', 'ALLOW_ANY'),
    fc.constantFrom('10.9.9.9', '10.9.9.9,2001:db8::9'),
    fc.array(arbitraryCall, { minLength: CALLS_PER_CONFIG, maxLength: CALLS_PER_CONFIG }),
    (entries, policy, instanceIps, calls) => {
      const config = compiled(entries.flatMap(validEntry), policy, instanceIps)
      const plane = new DataPlane(config)
      const matchers = new Matchers(config)
      for (const described of calls) {
        const call = callOf(described, config)
        const decision = decide(matchers, call)
        seen.set(decision.reason, (seen.get(decision.reason) ?? 0) + 1)
        assert.deepEqual(plane.make(call), foretold(decision, call), JSON.stringify({ call, decision }))
      }
      plane.close()
    },
  )
  fc.assert(property, { numRuns: RUNS })
  // Every kind of end that service entries can bring about has been there.
  const reasons = ['routed', 'passthrough', 'black_hole', 'block_all', 'no_endpoint']
  for (const reason of reasons) assert.ok((seen.get(reason) ?? 0) > 0, `no call was ${reason}`)
  t.diagnostic([...seen].map(([reason, count]) => `${reason}: ${count}`).join(', '))
})

type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never

function validEntry(written: Generated<typeof arbitraryEntry>, index: number): readonly ServiceEntry[] {
  const { namespace, ports, ...rest } = written
  const named = ports.map((port) => ({ ...port, name: `p${port.number}` }))
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: `se-${index}`, namespace },
    spec: { ...rest, ports: named },
  }
  const { documents } = checkManifestFile(parseManifests('f', JSON.stringify(object)))
  return documents.flatMap((document) => (document.kind === 'ServiceEntry' ? [document.object] : []))
}

function compiled(
  serviceEntries: readonly ServiceEntry[],
  mode: 'REGISTRY_ONLY' | 'ALLOW_ANY',
  INSTANCE_IPS: string,
): ProxyConfig {
  const snapshots = createSnapshotSource()
  snapshots.update({
    meshConfig: { ...DEFAULT_MESH_CONFIG, outboundTrafficPolicy: { mode } },
    serviceEntries,
    sidecars: [],
  })
  const id = 'sidecar~10.9.9.9~app.default~default.svc.cluster.local'
  const resources = snapshots.current({ id, cluster: 'app.default', metadata: { INSTANCE_IPS } })
  assert.ok(resources !== undefined)
  const { config, errors } = compileResources(resources)
  assert.deepEqual(errors, [])
  return config
}

/** "automatic" is an address that some host of the configuration was given, where there is one. */
function callOf(described: Generated<typeof arbitraryCall>, config: ProxyConfig): HypotheticalCall {
  const { protocol, withPort } = described
  const [automatic = '240.240.0.1'] = [...config.names.values()].flatMap((record) => record.ips)
  const ip = described.ip === 'automatic' ? automatic : described.ip
  const { name, port } = aimed(described, config)
  const authority = withPort && name !== '' ? `${name}:${port}` : name
  return { ip, port, protocol, sni: protocol === 'tls' ? name : '', authority }
}

function aimed({ aim, spelling, name, port }: Generated<typeof arbitraryCall>, config: ProxyConfig) {
  const services = [...config.clusters.values()].flatMap(({ service }) => service ?? [])
  const service = aim === null ? undefined : services[aim % services.length]
  if (service === undefined) return { name, port }
  const host = service.host.replace('*', 'below')
  return { name: spelling === 'upper' ? host.toUpperCase() : host + spelling, port: service.port }
}

/** What became of a connection or a request. */
interface Outcome {
  /** Of the last of them, whether or not a host was found in it; "" when none was asked. */
  readonly cluster: string
  readonly foundHost: boolean
  readonly route: string
  /** What the proxy itself answered to HTTP; 0: nothing. */
  readonly status: number
  /** The connection was taken over by the denier. */
  readonly refused: boolean
}

/** The outcome that a decision promises. A host is found wherever a call is allowed; it is not dialled here, which HTTP answers with 503. */
function foretold(decision: Decision, { protocol }: HypotheticalCall): Outcome {
  const isHttp = protocol === 'http' && decision.virtualHost !== undefined
  const isMadeUp = decision.reason === 'made_up_address'
  const reaches = ['routed', 'passthrough', 'no_endpoint'].includes(decision.reason) || isMadeUp
  return {
    cluster: reaches ? (decision.cluster ?? '') : '',
    foundHost: decision.verdict === 'allow',
    route: decision.route ?? '',
    status: decision.verdict === 'allow' && isHttp ? 503 : (decision.status ?? 0),
    refused: ['black_hole', 'no_filter_chain', 'no_listener'].includes(decision.reason) || (isMadeUp && !isHttp),
  }
}

/** As `decide` takes it: the application has asked for the name before it dials. */
const ANSWERED: NameLookup = { hostOf: () => undefined, wasAnsweredFor: () => true }

/** The real dispatcher, filters and HTTP connection manager; clusters choose their hosts, but nobody dials them. */
class DataPlane {
  readonly #dispatcher: Dispatcher
  readonly #clusters: Clusters
  readonly #wheel = new TimerWheel()
  #request: StreamInfo | undefined
  #refused = false
  #foundHost = false

  constructor(config: ProxyConfig) {
    this.#clusters = new Clusters(NO_RESOLVER, this.#wheel, ANSWERED)
    const byAddress = [...config.clusters].filter(([, { type }]) => !type.endsWith('_DNS'))
    this.#clusters.apply(new Map(byAddress))
    const env: FilterEnv = {
      connections: { wheel: this.#wheel, readBuffer: new ReadBuffer(), out: new OutBuffer() },
      config: () => config,
      cluster: (name) => this.#undialled(config, name),
      draining: () => false,
      onDraining: () => () => {},
      accessLogger: () => (info) => {
        if (info.protocol !== '') this.#request = info
      },
      denier: {
        takeOver: (connection) => {
          this.#refused = true
          connection.destroy()
        },
      },
    }
    this.#dispatcher = new Dispatcher(env, createHttpFactory(TEST_DENIER), new ProxyStats())
    this.#dispatcher.apply(config.listeners)
  }

  make(call: HypotheticalCall): Outcome {
    this.#request = undefined
    this.#refused = false
    this.#foundHost = false
    const connection = new ScriptedConnection({ address: call.ip, port: call.port }, firstBytes(call))
    this.#dispatcher.dispatch(connection)
    connection.hangUp()
    const { upstreamCluster, routeName, responseCode } = this.#request ?? connection.info
    const refused = this.#refused
    return { cluster: upstreamCluster, foundHost: this.#foundHost, route: routeName, status: responseCode, refused }
  }

  close(): void {
    this.#clusters.close()
    this.#wheel.close()
  }

  /** A cluster that says "none" in the end, having looked for a host in earnest. */
  #undialled(config: ProxyConfig, name: string): UpstreamCluster | undefined {
    const cluster = config.clusters.get(name)
    if (cluster === undefined) return undefined
    const real = this.#clusters.get(name)
    return {
      config: cluster,
      circuit: { connections: 0, pendingRequests: 0, requests: 0 },
      pickHost: (destination): HostChoice => {
        const choice = real?.pickHost(destination)
        this.#foundHost = choice === undefined ? cluster.endpoints.length > 0 : choice.kind === 'host'
        return choice?.kind === 'refused' ? choice : { kind: 'none', reason: 'this test dials nobody' }
      },
      whenResolved: () => () => {},
      onRetired: () => {},
    }
  }
}

/** HTTP/1.1 clients that were given no name put the address into Host. */
function firstBytes({ ip, port, protocol, sni, authority }: HypotheticalCall): Buffer {
  switch (protocol) {
    case 'tls':
      return inRecords(clientHello(sni === '' ? [] : [serverNameExtension(sni)]))
    case 'http':
      return Buffer.from(`GET /x HTTP/1.1\r\nHost: ${authority || formatHostPort(ip, port)}\r\n\r\n`)
    case 'tcp':
      return Buffer.from('\x4a\x00\x00\x00 neither TLS nor HTTP')
  }
}
