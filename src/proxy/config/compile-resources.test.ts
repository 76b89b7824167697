import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { resourceSetOf } from '#test/conformance/in-memory-source.ts'
import * as make from '#test/conformance/resources.ts'
import { encodeResource } from '#xds/encode-resource.ts'
import { AccessLogFilterSchema } from '#xds/gen/envoy/config/accesslog/v3/accesslog_pb.js'
import { Cluster_DiscoveryType } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { FileAccessLogSchema } from '#xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js'
import { RouterSchema } from '#xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js'
import { MongoProxySchema } from '#xds/gen/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { compileResources } from './compile-resources.ts'

function compile(resources: Partial<Record<TypeUrl, readonly EncodedResource[]>>) {
  return compileResources(resourceSetOf('v1', resources))
}

/** A filter whose type the proxy does not build. */
function foreignFilter(name: string) {
  return make.filterOf(name, MongoProxySchema, { statPrefix: 'x' })
}

test('a listener that holds an RBAC filter is refused: without it everything would be let through', () => {
  const rbac = { ...foreignFilter('envoy.filters.network.rbac') }
  const value = {
    ...rbac.configType.value,
    typeUrl: 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC',
  }
  const filters = [{ name: rbac.name, configType: { case: 'typedConfig', value } as const }, make.tcpProxyTo('db')]
  const { errors, config } = compile({
    [LISTENER_TYPE]: [make.listenerResource('10.0.0.1_3306', { filterChains: [{ filters }] })],
  })
  assert.deepEqual(errors, [
    'listener "10.0.0.1_3306": filter_chains[0].filters[0]: filter "envoy.filters.network.rbac" is not supported',
  ])
  assert.equal(config.listeners.size, 0)
})

test('filters that only observe are noted and left out', () => {
  const filters = [
    { name: 'istio.stats', configType: { case: undefined } } as const,
    foreignFilter('mongo'),
    make.tcpProxyTo('db'),
  ]
  const { errors, notes, config } = compile({
    [LISTENER_TYPE]: [make.listenerResource('l', { filterChains: [{ filters }] })],
  })
  assert.deepEqual(errors, [])
  assert.deepEqual(notes, ['listener "l": filter_chains[0].filters[0]: filter "istio.stats" has no effect'])
  assert.equal(config.listeners.get('l')?.filterChains[0]?.mongo, true)
})

test('all faults of all resources of a type are told at once, each with its place', () => {
  const { errors } = compile({
    [LISTENER_TYPE]: [
      make.listenerResource('a', { filterChains: [{ filters: [] }], listenerFilters: [{ name: 'proxy_protocol' }] }),
      make.listenerResource('b', {
        filterChains: [
          {
            filterChainMatch: {
              prefixRanges: [{ addressPrefix: '10.0.0.0', prefixLen: 33 }, { addressPrefix: 'ten' }],
              sourcePorts: [1],
              transportProtocol: 'quic',
            },
            filters: [make.httpWith('r', { httpFilters: [foreignFilter('lua')] })],
          },
        ],
      }),
    ],
  })
  assert.deepEqual(errors, [
    'listener "a": filter_chains[0].filters: a chain without filters is not supported',
    'listener "a": listener_filters[0]: listener filter "proxy_protocol" is not supported',
    'listener "b": filter_chains[0].filters[0].http_filters[0]: the router must be the last filter, and only the last',
    'listener "b": filter_chains[0].filter_chain_match.source_ports: is not supported',
    'listener "b": filter_chains[0].filter_chain_match.prefix_ranges[0]: prefix length 33 is above 32',
    'listener "b": filter_chains[0].filter_chain_match.prefix_ranges[1]: "ten" is not an IP address',
    'listener "b": filter_chains[0].filter_chain_match.transport_protocol: "quic" is not supported: "raw_buffer" and "tls" are',
  ])
})

test('two filter chains that match the same connections are refused', () => {
  const chain = { filterChainMatch: { serverNames: ['a.example', 'b.example'] }, filters: [make.tcpProxyTo('x')] }
  const twin = { filterChainMatch: { serverNames: ['b.example', 'A.example'] }, filters: [make.tcpProxyTo('y')] }
  const { errors } = compile({ [LISTENER_TYPE]: [make.listenerResource('l', { filterChains: [chain, twin] })] })
  assert.deepEqual(errors, [
    'listener "l": filter_chains[1].filter_chain_match: is the same as that of filter_chains[0]',
  ])
})

test('a cluster type that the generated messages leave out is refused, not taken for STATIC', () => {
  // Field 38 (cluster_type) with an empty message.
  const good = make.clusterResource('dynamic')
  const value = Buffer.concat([good.value, Uint8Array.of(0xb2, 0x02, 0x00)])
  const { errors } = compile({ [CLUSTER_TYPE]: [{ ...good, value }] })
  assert.deepEqual(errors, ['cluster "dynamic": cluster_type: is not supported'])
})

test('upstream TLS that cannot be honoured is refused, never sent in plain text', () => {
  const transportSocket = { name: 'envoy.transport_sockets.tls', configType: { case: undefined } } as const
  const { errors } = compile({ [CLUSTER_TYPE]: [make.clusterResource('tls', { transportSocket })] })
  assert.deepEqual(errors, ['cluster "tls": transport_socket: "envoy.transport_sockets.tls" is not supported'])
})

test('bytes that are no message are an error, not an exception', () => {
  const { errors } = compile({ [CLUSTER_TYPE]: [{ name: 'junk', version: '1', value: Uint8Array.of(0xff, 0xff) }] })
  assert.equal(errors.length, 1)
  assert.match(errors[0] ?? '', /^cluster "junk": does not decode as envoy\.config\.cluster\.v3\.Cluster: /)
})

test('a cluster names its service, port, protocol and the object that defines it', () => {
  const { config } = compile({
    [CLUSTER_TYPE]: [
      make.clusterResource('outbound|443||www.wikipedia.org', {
        metadata: {
          filterMetadata: {
            istio: { services: [{ host: 'www.wikipedia.org', name: 'www.wikipedia.org', namespace: 'default' }] },
            postern: {
              config: '/apis/networking.istio.io/v1/namespaces/default/service-entry/wikipedia-ext',
              protocol: 'TLS',
            },
          },
        },
      }),
      make.clusterResource('BlackHoleCluster'),
    ],
  })
  assert.deepEqual(config.clusters.get('outbound|443||www.wikipedia.org')?.service, {
    host: 'www.wikipedia.org',
    namespace: 'default',
    port: 443,
    protocol: 'TLS',
    definedBy: 'ServiceEntry default/wikipedia-ext',
  })
  assert.equal(config.clusters.get('BlackHoleCluster')?.service, undefined)
})

test('what is not said has the defaults of Envoy', () => {
  const { config } = compile({
    [CLUSTER_TYPE]: [make.clusterResource('c')],
    [LISTENER_TYPE]: [make.httpListenerResource('l', 80, 'r'), make.tcpListenerResource('t', 81, 'c')],
    [ROUTE_TYPE]: [make.routesResource('r', ['*', 'c'])],
  })
  const cluster = config.clusters.get('c')
  assert.equal(cluster?.connectTimeoutMs, 10_000)
  assert.equal(cluster?.maxConnections, 1024)
  assert.equal(cluster?.httpProtocol, 'http1')
  const listener = config.listeners.get('l')
  assert.equal(listener?.inspectorTimeoutMs, 15_000)
  const http = listener?.filterChains[0]?.terminal
  assert.equal(http?.kind === 'http_connection_manager' && http.streamIdleTimeoutMs, 300_000)
  assert.equal(http?.kind === 'http_connection_manager' && http.generateRequestId, true)
  const tcp = config.listeners.get('t')?.filterChains[0]?.terminal
  assert.equal(tcp?.kind === 'tcp_proxy' && tcp.idleTimeoutMs, 3_600_000)
  const action = config.routes.get('r')?.virtualHosts[0]?.routes[0]?.action
  assert.equal(action?.kind === 'route' && action.timeoutMs, 15_000)
})

test('a route table in which two virtual hosts claim a domain is refused', () => {
  const { errors } = compile({ [ROUTE_TYPE]: [make.routesResource('80', ['a.example', 'x'], ['A.example', 'y'])] })
  assert.deepEqual(errors, [
    'route table "80": virtual_hosts[1].domains: "a.example" is a domain of virtual host "a.example" already',
  ])
})

test('endpoints come into their cluster by its service name, and a missing set leaves it empty', () => {
  const { config } = compile({
    [CLUSTER_TYPE]: [make.edsClusterResource('a', 'service-a'), make.edsClusterResource('b')],
    [ENDPOINT_TYPE]: [make.endpointsResource('service-a', ['10.0.0.1', 80], ['fd00::1', 81])],
  })
  assert.deepEqual(config.clusters.get('a')?.endpoints, [
    { address: '10.0.0.1', port: 80, weight: 1, priority: 0, healthy: true },
    { address: 'fd00::1', port: 81, weight: 1, priority: 0, healthy: true },
  ])
  assert.deepEqual(config.clusters.get('b')?.endpoints, [])
})

test('the name table gives addresses to names in lower case', () => {
  const table = {
    'WWW.wikipedia.org': { ips: ['240.240.0.1', '2001:2::1'], registry: 'External', altHosts: ['wiki.local'] },
    'bad.example': { ips: ['nowhere'], registry: 'External' },
  }
  const encode = (names: typeof table) =>
    encodeResource(NameTableSchema, 'name-table', create(NameTableSchema, { table: names }))
  assert.deepEqual(compile({ [NAME_TABLE_TYPE]: [encode(table)] }).errors, [
    'name table "name-table": table["bad.example"].ips: "nowhere" is not an IP address',
  ])
  const { 'bad.example': _, ...good } = table
  const { config } = compile({ [NAME_TABLE_TYPE]: [encode(good as typeof table)] })
  const record = { ips: ['240.240.0.1', '2001:2::1'], registry: 'External' }
  assert.deepEqual(
    [...config.names],
    [
      ['www.wikipedia.org', record],
      ['wiki.local', record],
    ],
  )
})

test('a file log keeps its format and the response flags that select lines', () => {
  const configType = (json: boolean) =>
    ({
      case: 'typedConfig',
      value: make.pack(FileAccessLogSchema, {
        path: '/dev/stdout',
        accessLogFormat: json
          ? { case: 'logFormat', value: { format: { case: 'jsonFormat', value: { code: '%RESPONSE_CODE%' } } } }
          : { case: 'format', value: '%RESPONSE_FLAGS%\n' },
      }),
    }) as const
  const accessLog = [
    { configType: configType(true) },
    {
      configType: configType(false),
      filter: create(AccessLogFilterSchema, {
        filterSpecifier: { case: 'responseFlagFilter', value: { flags: ['NR'] } },
      }),
    },
  ]
  const { config } = compile({
    [LISTENER_TYPE]: [make.listenerResource('l', { accessLog, filterChains: [{ filters: [make.tcpProxyTo('c')] }] })],
  })
  assert.deepEqual(config.listeners.get('l')?.accessLog, [
    { path: '/dev/stdout', format: { kind: 'json', fields: { code: '%RESPONSE_CODE%' } }, onlyFlags: [] },
    { path: '/dev/stdout', format: { kind: 'text', template: '%RESPONSE_FLAGS%\n' }, onlyFlags: ['NR'] },
  ])
})

test('a file log whose format names an unknown operator is refused', () => {
  const format = { case: 'format', value: '%NO_SUCH% %START_TIME(%Q)%' } as const
  const value = make.pack(FileAccessLogSchema, { path: '/dev/stdout', accessLogFormat: format })
  const accessLog = [{ configType: { case: 'typedConfig', value } as const }]
  const { errors } = compile({
    [LISTENER_TYPE]: [make.listenerResource('l', { accessLog, filterChains: [{ filters: [make.tcpProxyTo('c')] }] })],
  })
  assert.deepEqual(errors, [
    'listener "l": access_log[0].log_format: unknown operator "NO_SUCH"',
    'listener "l": access_log[0].log_format: operator "START_TIME": unknown conversion "%Q" in time format "%Q"',
  ])
})

test('an optional HTTP filter that is not known is left out, as it asks to be', () => {
  const optional = { ...foreignFilter('example.filter'), isOptional: true }
  const router = make.filterOf('envoy.filters.http.router', RouterSchema, {})
  const { errors } = compile({
    [LISTENER_TYPE]: [
      make.listenerResource('l', {
        filterChains: [{ filters: [make.httpWith('r', { httpFilters: [optional, router] })] }],
      }),
    ],
  })
  assert.deepEqual(errors, [])
})

test('CLUSTER_PROVIDED goes with ORIGINAL_DST only', () => {
  const { errors } = compile({
    [CLUSTER_TYPE]: [
      make.originalDstClusterResource('right'),
      make.clusterResource('wrong', {
        clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
      }),
    ],
  })
  assert.deepEqual(errors, [
    'cluster "wrong": lb_policy: CLUSTER_PROVIDED goes with type ORIGINAL_DST, and only with that',
  ])
})
