import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { resourcesOfDump } from '#test/conformance/istiod-resources.ts'
import { compileResources } from './compile-resources.ts'

// testdata/istiod-*.json: what istiod 1.28.10 sent to a sidecar for inputs made of ServiceEntries, in protobuf JSON.
function compile(name: string) {
  const text = readFileSync(join(import.meta.dirname, 'testdata', `istiod-${name}.json`), 'utf8')
  return compileResources(resourcesOfDump(JSON.parse(text)))
}

test('what istiod sends for an empty mesh is accepted, inbound listeners aside', () => {
  const { config, errors, notes } = compile('nothing')
  assert.deepEqual(errors, [])
  const outbound = config.listeners.get('virtualOutbound')
  assert.equal(outbound?.useOriginalDst, true)
  assert.deepEqual(
    outbound?.filterChains.map(({ name, match }) => [name, match.destinationPort]),
    [
      ['virtualOutbound-blackhole', 15001],
      ['virtualOutbound-catchall-tcp', undefined],
    ],
  )
  assert.equal(config.listeners.has('virtualInbound'), false)
  assert.ok(notes.includes('listener "virtualInbound": inbound traffic is not taken'))
  assert.deepEqual(config.routes.get('80')?.virtualHosts.at(-1)?.routes[0]?.action, {
    kind: 'direct_response',
    status: 502,
    body: '',
  })
})

test('an endpoint without mutual TLS is used in plain text, as the last transport match says', () => {
  const { config, notes } = compile('nothing')
  const sleep = config.clusters.get('outbound|80||sleep.default.svc.cluster.local')
  assert.deepEqual(sleep?.endpoints, [{ address: '10.1.0.1', port: 8000, weight: 1, priority: 0, healthy: true }])
  assert.ok(notes.some((note) => note.includes('endpoints that need it are not used')))
})

test('five CIDRs of one service become one listener with a chain for each', () => {
  const { config, errors } = compile('wikipedia-five-cidrs')
  assert.deepEqual(errors, [])
  const listener = config.listeners.get('0.0.0.0_443')
  assert.deepEqual(
    listener?.filterChains.map(({ match }) => match.prefixRanges),
    [
      [{ address: '91.198.174.192', prefixLength: 27 }],
      [{ address: '103.102.166.224', prefixLength: 27 }],
      [{ address: '198.35.26.96', prefixLength: 27 }],
      [{ address: '208.80.153.224', prefixLength: 27 }],
      [{ address: '208.80.154.224', prefixLength: 27 }],
    ],
  )
  assert.equal(listener?.defaultFilterChain?.name, 'PassthroughFilterChain')
})

test('two databases on one port are two listeners, each with its own cluster', () => {
  const { config, errors } = compile('two-databases-one-port')
  assert.deepEqual(errors, [])
  const clusters = [...config.listeners.values()].map(({ filterChains, defaultFilterChain }) => {
    const terminal = (filterChains[0] ?? defaultFilterChain)?.terminal
    return terminal?.kind === 'tcp_proxy' ? terminal.clusters[0].name : terminal?.kind
  })
  assert.equal(new Set(clusters).size, config.listeners.size)
  for (const name of clusters) assert.ok(config.clusters.has(String(name)), `${name} exists`)
})

test('a Mongo port keeps the original destination and has the mongo filter', () => {
  const { config, errors } = compile('mongo-cidr-none')
  assert.deepEqual(errors, [])
  const [cluster] = config.clusters.values()
  assert.equal(cluster?.type, 'ORIGINAL_DST')
  assert.equal(cluster?.service?.port, 27017)
  const [listener] = config.listeners.values()
  assert.equal((listener?.filterChains[0] ?? listener?.defaultFilterChain)?.mongo, true)
})

test('static endpoints are joined into the clusters that need them', () => {
  const { config, errors } = compile('http-static-endpoints')
  assert.deepEqual(errors, [])
  const cluster = config.clusters.get('outbound|80||static.example.com')
  assert.equal(cluster?.type, 'EDS')
  assert.deepEqual(
    cluster?.endpoints.map(({ address }) => address).sort(),
    [...new Set(cluster?.endpoints.map(({ address }) => address))].sort(),
  )
  assert.ok((cluster?.endpoints.length ?? 0) > 0)
})

test('an HTTPS service resolved by DNS is chosen by its server name', () => {
  const { config, errors } = compile('https-dns')
  assert.deepEqual(errors, [])
  const [cluster] = config.clusters.values()
  assert.equal(cluster?.type, 'STRICT_DNS')
  assert.equal(cluster?.dns.respectTtl, true)
  assert.equal(cluster?.dns.refreshRateMs, 60_000)
})
