import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import * as make from '#test/conformance/resources.ts'
import { eventually, type Served, serve } from '#test/conformance/served.ts'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { ResourceSource } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { ConfigSubscriber, type ConfigSubscriberOptions } from './config-subscriber.ts'
import type { ProxyConfig } from './model.ts'

const NODE = { id: 'sidecar~127.0.0.1~app.default~default.svc.cluster.local', cluster: 'app.default', metadata: {} }

type Resources = Partial<Record<TypeUrl, readonly EncodedResource[]>>

function subscribe(t: TestContext, { address }: Served, options: Partial<ConfigSubscriberOptions> = {}) {
  const configs: ProxyConfig[] = []
  const subscriber = new ConfigSubscriber({
    address,
    node: NODE,
    onConfig: (config) => configs.push(config),
    ...options,
  })
  t.after(() => subscriber.close())
  return configs
}

function web(endpoint: string, domain = 'a.example'): Resources {
  return {
    [CLUSTER_TYPE]: [make.edsClusterResource('web'), make.clusterResource('BlackHoleCluster')],
    [ENDPOINT_TYPE]: [make.endpointsResource('web', [endpoint, 80])],
    [LISTENER_TYPE]: [make.httpListenerResource('0.0.0.0_80', 80, '80')],
    [ROUTE_TYPE]: [make.routesResource('80', [domain, 'web'])],
  }
}

/** A control plane that keeps some types to itself. */
function withholding(typeUrls: readonly TypeUrl[]): (source: ResourceSource) => ResourceSource {
  return (source) => ({
    watch: (node, onChange) => source.watch(node, onChange),
    current: (node) => {
      const set = source.current(node)
      return set && { ...set, byType: new Map([...set.byType].filter(([typeUrl]) => !typeUrls.includes(typeUrl))) }
    },
  })
}

test('the first configuration is whole: clusters have their endpoints and listeners their routes', async (t) => {
  const served = await serve(t)
  const configs = subscribe(t, served)
  served.source.replace(web('10.0.0.1'))
  await eventually(() => configs.length > 0, 'a configuration came')
  const [first] = configs
  assert.deepEqual([...(first?.listeners.keys() ?? [])], ['0.0.0.0_80'])
  assert.equal(first?.clusters.get('web')?.endpoints[0]?.address, '10.0.0.1')
  assert.equal(first?.routes.get('80')?.virtualHosts[0]?.name, 'a.example')
  assert.equal(first?.version, '1')
})

test('a new service appears with its endpoints and routes at once, never in part', async (t) => {
  const served = await serve(t)
  const configs = subscribe(t, served)
  served.source.replace({})
  await eventually(() => configs.length > 0, 'the empty configuration came')
  served.source.replace(web('10.0.0.1'))
  await eventually(() => configs.at(-1)?.routes.has('80') === true, 'the service is there')
  for (const config of configs) {
    if (config.listeners.size > 0) assert.ok(config.routes.has('80'), 'a listener without its routes was handed on')
    for (const cluster of config.clusters.values())
      assert.equal(
        cluster.endpoints.length > 0,
        cluster.type === 'EDS',
        'a cluster without its endpoints was handed on',
      )
  }
})

test('what does not change keeps its identity from one configuration to the next', async (t) => {
  const served = await serve(t)
  const configs = subscribe(t, served)
  served.source.replace(web('10.0.0.1'))
  await eventually(() => configs.length > 0, 'a configuration came')
  served.source.replace(web('10.0.0.1', 'b.example'))
  await eventually(() => configs.at(-1)?.routes.get('80')?.virtualHosts[0]?.name === 'b.example', 'the routes changed')
  const [before, after] = [configs[0], configs.at(-1)]
  assert.notEqual(before, after)
  assert.equal(before?.clusters.get('web'), after?.clusters.get('web'))
  assert.equal(before?.listeners.get('0.0.0.0_80'), after?.listeners.get('0.0.0.0_80'))
})

test('an update that cannot be used leaves the last good configuration, and the reason reaches the control plane', async (t) => {
  const served = await serve(t)
  const refused: string[] = []
  const configs = subscribe(t, served, { onRefused: (errors) => refused.push(...errors) })
  served.source.replace(web('10.0.0.1'))
  await eventually(() => configs.length > 0, 'a configuration came')
  const filters = [
    { name: 'envoy.filters.network.rbac', configType: { case: undefined } } as const,
    make.tcpProxyTo('web'),
  ]
  const bad = make.listenerResource('bad', { filterChains: [{ filters }] })
  const good = web('10.0.0.1')
  served.source.replace({ ...good, [LISTENER_TYPE]: [...(good[LISTENER_TYPE] ?? []), bad] })
  const reason = 'listener "bad": filter_chains[0].filters[0]: filter "envoy.filters.network.rbac" is not supported'
  await eventually(() => served.outcomes.some(({ kind }) => kind === 'nack'), 'the control plane heard of it')
  const nack = served.outcomes.find(({ kind }) => kind === 'nack')
  assert.equal(nack?.kind === 'nack' && nack.reason, reason)
  assert.deepEqual(refused, [reason])
  assert.deepEqual([...(configs.at(-1)?.listeners.keys() ?? [])], ['0.0.0.0_80'])
})

test('routes that the control plane says do not exist are not waited for', async (t) => {
  const served = await serve(t, { wrap: withholding([ROUTE_TYPE]) })
  const configs = subscribe(t, served)
  served.source.replace(web('10.0.0.1'))
  await eventually(() => configs.length > 0, 'a configuration came')
  assert.equal(configs[0]?.listeners.size, 1)
  assert.equal(configs[0]?.routes.size, 0)
})

test('the configuration stays while the control plane is away', async (t) => {
  const served = await serve(t)
  const configs = subscribe(t, served)
  served.source.replace(web('10.0.0.1'))
  await eventually(() => configs.length > 0, 'a configuration came')
  await served.restart()
  served.source.replace(web('10.0.0.2'))
  await eventually(() => configs.at(-1)?.clusters.get('web')?.endpoints[0]?.address === '10.0.0.2', 'the change came')
  for (const config of configs) assert.equal(config.listeners.size, 1)
})
