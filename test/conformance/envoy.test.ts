import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EncodedResource } from '#xds/resource-map.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { ENVOY_IS_MISSING } from './envoy-process.ts'
import { resourceSetOf } from './in-memory-source.ts'
import { LiveEnvoy } from './live-envoy.ts'
import * as make from './resources.ts'
import { validateByEnvoy } from './validate-by-envoy.ts'

const LIMITS = { timeout: 60_000, skip: ENVOY_IS_MISSING }

type Resources = Partial<Record<TypeUrl, readonly EncodedResource[]>>

const FIRST: Resources = {
  [CLUSTER_TYPE]: [
    make.clusterResource('BlackHoleCluster'),
    make.originalDstClusterResource('PassthroughCluster'),
    make.edsClusterResource('outbound|80||a.example', 'endpoints-of-a'),
    make.edsClusterResource('outbound|80||b.example'),
  ],
  [ENDPOINT_TYPE]: [
    make.endpointsResource('endpoints-of-a', ['127.0.0.1', 1]),
    make.endpointsResource('outbound|80||b.example', ['127.0.0.1', 2]),
  ],
  [LISTENER_TYPE]: [
    make.httpListenerResource('0.0.0.0_80', 80, '80'),
    make.tcpListenerResource('0.0.0.0_3306', 3306, 'BlackHoleCluster'),
  ],
  [ROUTE_TYPE]: [make.routesResource('80', ['a.example', 'outbound|80||a.example'])],
}

/** One cluster, its endpoints and a listener less; routes elsewhere; the other cluster changed, its endpoints not. */
const SECOND: Resources = {
  [CLUSTER_TYPE]: [
    make.clusterResource('BlackHoleCluster'),
    make.originalDstClusterResource('PassthroughCluster'),
    make.edsClusterResource('outbound|80||b.example', 'outbound|80||b.example'),
  ],
  [ENDPOINT_TYPE]: [make.endpointsResource('outbound|80||b.example', ['127.0.0.1', 2])],
  [LISTENER_TYPE]: [make.httpListenerResource('0.0.0.0_80', 80, '80')],
  [ROUTE_TYPE]: [make.routesResource('80', ['b.example', 'outbound|80||b.example'])],
}

for (const protocol of ['DELTA_GRPC', 'GRPC'] as const)
  test(`a real Envoy follows our server over ${protocol} without a NACK`, LIMITS, async (t) => {
    const envoy = await LiveEnvoy.start(protocol)
    t.after(() => envoy.close())
    for (const [version, resources] of [FIRST, SECOND, FIRST, {}, SECOND].entries())
      assert.deepEqual(await envoy.accepts(resourceSetOf(String(version), resources)), [], `set ${version}`)
    const acknowledged = new Set(envoy.outcomes.map(({ kind, typeUrl }) => `${kind} ${typeUrl}`))
    for (const typeUrl of [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE])
      assert.ok(acknowledged.has(`ack ${typeUrl}`), `${typeUrl} was acknowledged`)
  })

test('what Envoy refuses is told, and is no reason to stop', LIMITS, async (t) => {
  const envoy = await LiveEnvoy.start('DELTA_GRPC')
  t.after(() => envoy.close())
  const bad = make.clusterResource('bad', { edsClusterConfig: { serviceName: 'not for STATIC' } })
  const [rejection] = await envoy.accepts(
    resourceSetOf('1', { ...FIRST, [CLUSTER_TYPE]: [...(FIRST[CLUSTER_TYPE] ?? []), bad] }),
  )
  assert.equal(rejection?.typeUrl, CLUSTER_TYPE)
  assert.match(rejection?.reason ?? '', /bad/)
  assert.deepEqual(await envoy.accepts(resourceSetOf('2', FIRST)), [])
})

test('envoy --mode validate accepts good resources and says what is wrong with bad ones', {
  timeout: 60_000,
}, async () => {
  assert.deepEqual(await validateByEnvoy(resourceSetOf('1', FIRST)), [])
  const twice = make.routesResource('80', ['same.example', 'a'], ['same.example', 'b'])
  const [reason] = await validateByEnvoy(resourceSetOf('1', { ...FIRST, [ROUTE_TYPE]: [twice] }))
  assert.match(reason ?? '', /same\.example/)
})
