import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { TimerWheel } from '#base/timer-wheel.ts'
import type { Cluster } from '#proxy/config/model.ts'
import { type NameLookup, NO_NAMES } from '#proxy/dns/name-lookup.ts'
import { syntheticIpv4, syntheticIpv6 } from '#proxy/dns/synthetic-range.ts'
import { clusterOf, endpointOf } from '#test/proxy-config.ts'
import { Clusters } from './clusters.ts'
import type { ResolvedAddress, Resolver } from './resolver.ts'
import type { HostChoice, UpstreamCluster } from './upstream-cluster.ts'

const DIALLED = { address: '192.0.2.7', port: 443 }

/** Answers from a table that a test may change; a name with an Error fails, an unknown one is never answered. */
class TableResolver implements Resolver {
  readonly answers = new Map<string, ResolvedAddress[] | Error>()
  readonly asked: string[] = []

  resolve(name: string, family: 4 | 6): Promise<{ addresses: readonly ResolvedAddress[] }> {
    this.asked.push(`${name} ${family}`)
    const answer = this.answers.get(`${name} ${family}`)
    if (answer instanceof Error) return Promise.reject(answer)
    return answer === undefined ? new Promise(() => {}) : Promise.resolve({ addresses: answer })
  }
}

function setUp(
  t: TestContext,
  names: NameLookup = NO_NAMES,
): {
  clusters: Clusters
  resolver: TableResolver
  apply: (...configs: Cluster[]) => void
  pass: (ms: number) => void
} {
  let nowMs = 1_000
  t.mock.method(performance, 'now', () => nowMs)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const resolver = new TableResolver()
  const clusters = new Clusters(resolver, new TimerWheel(100), names, () => 0)
  const apply = (...configs: Cluster[]) => clusters.apply(new Map(configs.map((config) => [config.name, config])))
  const pass = (ms: number) => {
    nowMs += ms
    t.mock.timers.tick(100)
  }
  return { clusters, resolver, apply, pass }
}

function keyOf(choice: HostChoice): string {
  return choice.kind === 'host' ? choice.host.text : choice.kind
}

/** Picks a host, waiting for the first answer as a filter does. */
async function pickResolved(cluster: UpstreamCluster): Promise<HostChoice> {
  const choice = cluster.pickHost(DIALLED)
  if (choice.kind !== 'pending') return choice
  await new Promise<void>((resolve) => cluster.whenResolved(resolve))
  return cluster.pickHost(DIALLED)
}

test('ORIGINAL_DST goes where the application dialled, or to the overridden port there', (t) => {
  const { clusters, apply } = setUp(t)
  apply(
    clusterOf('PassthroughCluster', { type: 'ORIGINAL_DST' }),
    clusterOf('moved', { type: 'ORIGINAL_DST', upstreamPortOverride: 8443 }),
  )
  assert.equal(keyOf(clusters.get('PassthroughCluster')!.pickHost(DIALLED)), '192.0.2.7:443')
  assert.equal(keyOf(clusters.get('moved')!.pickHost(DIALLED)), '192.0.2.7:8443')
})

test('ORIGINAL_DST goes to addresses that DNS answered for the host, or that the entry names, and to no other', (t) => {
  const { clusters, apply } = setUp(t, {
    hostOf: () => undefined,
    wasAnsweredFor: (ip, host) => ip === '192.0.2.7' && host === '*.wild.example',
  })
  const service = { host: '*.Wild.example', namespace: 'default', port: 443, protocol: 'TLS', definedBy: '' }
  const block = { address: '198.51.100.0', prefixLength: 24 }
  apply(
    clusterOf('bound', { type: 'ORIGINAL_DST', service: { ...service, addresses: [block] } }),
    clusterOf('other', { type: 'ORIGINAL_DST', service: { ...service, host: 'other.example', addresses: [] } }),
    clusterOf('foreign', { type: 'ORIGINAL_DST', service }),
  )
  const pick = (name: string, address: string) => clusters.get(name)!.pickHost({ address, port: 443 })
  const mismatch = { kind: 'refused', reason: 'address_mismatch' }
  assert.equal(keyOf(pick('bound', '192.0.2.7')), '192.0.2.7:443')
  assert.equal(keyOf(pick('bound', '198.51.100.9')), '198.51.100.9:443')
  assert.deepEqual(pick('bound', '192.0.2.8'), mismatch)
  assert.equal(keyOf(pick('bound', '192.0.2.7')), '192.0.2.7:443')
  assert.deepEqual(pick('bound', '192.0.2.8'), mismatch)
  assert.deepEqual(pick('other', '192.0.2.7'), mismatch)
  assert.equal(keyOf(pick('foreign', '192.0.2.8')), '192.0.2.8:443')
})

test('no application is led to the machine of the proxy, its link or its cloud, unless an entry names the address', (t) => {
  const { clusters, apply } = setUp(t)
  const service = { host: 'x.example', namespace: 'default', port: 80, protocol: 'HTTP', definedBy: '' }
  const everything = { address: '0.0.0.0', prefixLength: 0 }
  const everything6 = { address: '::', prefixLength: 0 }
  const metadata = { address: '169.254.169.254', prefixLength: 32 }
  apply(
    clusterOf('PassthroughCluster', { type: 'ORIGINAL_DST' }),
    clusterOf('all', { type: 'ORIGINAL_DST', service: { ...service, addresses: [everything, everything6] } }),
    clusterOf('named', { type: 'ORIGINAL_DST', service: { ...service, addresses: [everything, metadata] } }),
  )
  const pick = (name: string, address: string) => clusters.get(name)!.pickHost({ address, port: 80 })
  const own = ['127.0.0.1', '127.8.9.10', '0.0.0.0', '0.1.2.3', '::1', '::', '::ffff:127.0.0.1', '::ffff:0.0.0.0']
  const link = ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '168.63.129.16', '::ffff:169.254.169.254']
  for (const address of [...own, ...link])
    for (const name of ['PassthroughCluster', 'all'])
      assert.deepEqual(pick(name, address), { kind: 'refused', reason: 'local_address' }, `${name} ${address}`)
  // Where a name's own entries take no call, its made-up address leads nowhere.
  for (const address of ['240.240.0.1', '2001:2::f0f0:1', syntheticIpv4(1), syntheticIpv6(1)])
    for (const name of ['PassthroughCluster', 'all'])
      assert.deepEqual(pick(name, address), { kind: 'refused', reason: 'made_up_address' }, `${name} ${address}`)
  assert.equal(keyOf(pick('named', '169.254.169.254')), '169.254.169.254:80')
  assert.equal(pick('named', '127.0.0.1').kind, 'refused')
  assert.equal(pick('named', '169.254.170.2').kind, 'refused')
})

test("a name that is answered with an address of the proxy's machine leads nowhere; an endpoint that says so does", async (t) => {
  const { clusters, resolver, apply } = setUp(t)
  resolver.answers.set('rebound.example 4', [{ ip: '127.0.0.1', ttlSeconds: 60 }])
  resolver.answers.set('mixed.example 4', [
    { ip: '169.254.169.254', ttlSeconds: 60 },
    { ip: '192.0.2.1', ttlSeconds: 60 },
  ])
  const named = (name: string, address: string) =>
    clusterOf(name, { type: 'STRICT_DNS', endpoints: [endpointOf(address, 80)] })
  apply(named('rebound', 'rebound.example'), named('mixed', 'mixed.example'), named('literal', '127.0.0.1'))
  assert.deepEqual(await pickResolved(clusters.get('rebound')!), { kind: 'refused', reason: 'local_address' })
  assert.equal(keyOf(await pickResolved(clusters.get('mixed')!)), '192.0.2.1:80')
  assert.equal(keyOf(await pickResolved(clusters.get('literal')!)), '127.0.0.1:80')
})

test('a cluster without endpoints, such as BlackHoleCluster, has no host', (t) => {
  const { clusters, apply } = setUp(t)
  apply(clusterOf('BlackHoleCluster'))
  assert.deepEqual(clusters.get('BlackHoleCluster')!.pickHost(DIALLED), {
    kind: 'none',
    reason: 'it has no endpoints',
  })
  assert.equal(clusters.get('unknown'), undefined)
})

test('only healthy endpoints of the most preferred priority are used', (t) => {
  const { clusters, apply } = setUp(t)
  apply(
    clusterOf('c', {
      endpoints: [
        endpointOf('10.0.0.1', 80, { healthy: false }),
        endpointOf('10.0.0.2', 80, { priority: 1 }),
        endpointOf('10.0.0.3', 80, { priority: 2 }),
      ],
    }),
  )
  for (let i = 0; i < 3; i++) assert.equal(keyOf(clusters.get('c')!.pickHost(DIALLED)), '10.0.0.2:80')
})

test('an unchanged cluster stays the same object; a changed one keeps its circuit and retires the old one', (t) => {
  const { clusters, apply } = setUp(t)
  const endpoints = [endpointOf('10.0.0.1', 80), endpointOf('10.0.0.2', 80)]
  apply(clusterOf('a', { endpoints }), clusterOf('b'))
  const [a, b] = [clusters.get('a')!, clusters.get('b')!]
  let retired = 0
  a.onRetired(() => retired++)
  a.circuit.connections = 3
  apply(clusterOf('a', { endpoints: endpoints.map((endpoint) => ({ ...endpoint })) }))
  assert.equal(clusters.get('a'), a)
  assert.equal(clusters.get('b'), undefined)
  apply(clusterOf('a', { endpoints: endpoints.slice(1) }))
  assert.notEqual(clusters.get('a'), a)
  assert.equal(clusters.get('a')?.circuit.connections, 3)
  assert.equal(retired, 1)
  b.onRetired(() => retired++)
  assert.equal(retired, 2)
})

test("STRICT_DNS makes every address of every name a host, at the endpoint's port", async (t) => {
  const { clusters, resolver, apply } = setUp(t)
  resolver.answers.set('db.example.com 4', [
    { ip: '10.0.0.1', ttlSeconds: 30 },
    { ip: '10.0.0.2', ttlSeconds: 30 },
  ])
  resolver.answers.set('standby.example.com 4', [{ ip: '10.0.0.3', ttlSeconds: 30 }])
  apply(
    clusterOf('db', {
      type: 'STRICT_DNS',
      endpoints: [endpointOf('db.example.com', 3306), endpointOf('standby.example.com', 3307)],
    }),
  )
  const cluster = clusters.get('db')!
  await pickResolved(cluster)
  const keys = new Set(Array.from({ length: 6 }, () => keyOf(cluster.pickHost(DIALLED))))
  assert.deepEqual([...keys].sort(), ['10.0.0.1:3306', '10.0.0.2:3306', '10.0.0.3:3307'])
  assert.deepEqual(resolver.asked, ['db.example.com 4', 'standby.example.com 4'])
})

test('LOGICAL_DNS uses the first address of the newest answer', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('db.example.com 4', [
    { ip: '10.0.0.1', ttlSeconds: 30 },
    { ip: '10.0.0.2', ttlSeconds: 30 },
  ])
  apply(clusterOf('db', { type: 'LOGICAL_DNS', endpoints: [endpointOf('db.example.com', 3306)] }))
  const cluster = clusters.get('db')!
  assert.equal(keyOf(await pickResolved(cluster)), '10.0.0.1:3306')
  assert.equal(keyOf(cluster.pickHost(DIALLED)), '10.0.0.1:3306')
  resolver.answers.set('db.example.com 4', [{ ip: '10.0.0.9', ttlSeconds: 30 }])
  pass(31_000)
  // Expired a moment ago: the old answer serves while the new one is fetched.
  assert.equal(keyOf(cluster.pickHost(DIALLED)), '10.0.0.1:3306')
  await turn()
  assert.equal(keyOf(cluster.pickHost(DIALLED)), '10.0.0.9:3306')
})

test('an answer is used for its TTL, and no name is asked for that nobody wants', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  apply(
    clusterOf('a', { type: 'STRICT_DNS', endpoints: [endpointOf('a.example.com', 80)] }),
    clusterOf('b', { type: 'STRICT_DNS', endpoints: [endpointOf('b.example.com', 80)] }),
  )
  await pickResolved(clusters.get('a')!)
  pass(29_000)
  clusters.get('a')!.pickHost(DIALLED)
  assert.deepEqual(resolver.asked, ['a.example.com 4'])
})

test('without respectTtl an answer is used for the refresh rate', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 5 }])
  const dns = { refreshRateMs: 60_000, respectTtl: false, family: 'V4_ONLY' } as const
  apply(clusterOf('a', { type: 'STRICT_DNS', dns, endpoints: [endpointOf('a.example.com', 80)] }))
  await pickResolved(clusters.get('a')!)
  pass(59_000)
  clusters.get('a')!.pickHost(DIALLED)
  assert.equal(resolver.asked.length, 1)
  pass(2_000)
  clusters.get('a')!.pickHost(DIALLED)
  assert.equal(resolver.asked.length, 2)
})

test('an answer that is long out of date is waited for, not used', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  apply(clusterOf('a', { type: 'STRICT_DNS', endpoints: [endpointOf('a.example.com', 80)] }))
  await pickResolved(clusters.get('a')!)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.2', ttlSeconds: 30 }])
  pass(600_000)
  assert.equal(keyOf(await pickResolved(clusters.get('a')!)), '10.0.0.2:80')
})

test('when the name server fails the last answer stands, and it is asked again only after 5 s', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  apply(clusterOf('a', { type: 'STRICT_DNS', endpoints: [endpointOf('a.example.com', 80)] }))
  await pickResolved(clusters.get('a')!)
  resolver.answers.set('a.example.com 4', new Error('queryA ETIMEOUT a.example.com'))
  pass(600_000)
  assert.equal(keyOf(await pickResolved(clusters.get('a')!)), '10.0.0.1:80')
  for (let i = 0; i < 5; i++) clusters.get('a')!.pickHost(DIALLED)
  assert.equal(resolver.asked.length, 2)
  pass(5_100)
  assert.equal(keyOf(clusters.get('a')!.pickHost(DIALLED)), '10.0.0.1:80')
  assert.equal(resolver.asked.length, 3)
})

test('a name that cannot be resolved says why, and is asked for again after 5 s', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', new Error('queryA ETIMEOUT a.example.com'))
  apply(clusterOf('a', { type: 'STRICT_DNS', endpoints: [endpointOf('a.example.com', 80)] }))
  const choice = await pickResolved(clusters.get('a')!)
  assert.deepEqual(choice, {
    kind: 'none',
    reason: 'resolving "a.example.com" failed: queryA ETIMEOUT a.example.com',
  })
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  assert.equal(clusters.get('a')!.pickHost(DIALLED).kind, 'none')
  pass(5_100)
  assert.equal(keyOf(await pickResolved(clusters.get('a')!)), '10.0.0.1:80')
})

test('a name without addresses leaves the cluster without hosts, and is believed for 5 s', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', [])
  apply(clusterOf('a', { type: 'STRICT_DNS', endpoints: [endpointOf('a.example.com', 80)] }))
  assert.deepEqual(await pickResolved(clusters.get('a')!), {
    kind: 'none',
    reason: 'no address is known for "a.example.com"',
  })
  clusters.get('a')!.pickHost(DIALLED)
  assert.equal(resolver.asked.length, 1)
  pass(5_100)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  assert.equal(keyOf(await pickResolved(clusters.get('a')!)), '10.0.0.1:80')
})

test('a name server that never answers is waited for until the connect timeout', async (t) => {
  const { clusters, apply, pass } = setUp(t)
  apply(clusterOf('a', { type: 'STRICT_DNS', connectTimeoutMs: 500, endpoints: [endpointOf('a.example.com', 80)] }))
  const choice = pickResolved(clusters.get('a')!)
  await turn()
  pass(900)
  assert.deepEqual(await choice, { kind: 'none', reason: 'resolving "a.example.com" took longer than 500 ms' })
})

test('the families asked for are those of dnsLookupFamily', async (t) => {
  const { clusters, resolver, apply } = setUp(t)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  resolver.answers.set('a.example.com 6', [])
  const families = ['V4_ONLY', 'V4_PREFERRED', 'AUTO', 'ALL', 'V6_ONLY'] as const
  const configs = families.map((family) =>
    clusterOf(family, {
      type: 'STRICT_DNS',
      dns: { refreshRateMs: 60_000, respectTtl: true, family },
      endpoints: [endpointOf('a.example.com', 80)],
    }),
  )
  apply(...configs)
  const asked: string[] = []
  for (const family of families) {
    resolver.asked.length = 0
    const choice = await pickResolved(clusters.get(family)!)
    asked.push(`${family}: ${resolver.asked.map((question) => question.at(-1)).join('')} ${keyOf(choice)}`)
  }
  assert.deepEqual(asked, [
    'V4_ONLY: 4 10.0.0.1:80',
    'V4_PREFERRED: 4 10.0.0.1:80',
    'AUTO: 64 10.0.0.1:80',
    'ALL: 46 10.0.0.1:80',
    'V6_ONLY: 6 none',
  ])
})

test('hosts that stay in an answer keep their count of what is under way', async (t) => {
  const { clusters, resolver, apply, pass } = setUp(t)
  resolver.answers.set('a.example.com 4', [{ ip: '10.0.0.1', ttlSeconds: 30 }])
  apply(clusterOf('a', { type: 'STRICT_DNS', endpoints: [endpointOf('a.example.com', 80)] }))
  const first = await pickResolved(clusters.get('a')!)
  assert.ok(first.kind === 'host')
  first.host.active = 5
  resolver.answers.set('a.example.com 4', [
    { ip: '10.0.0.2', ttlSeconds: 30 },
    { ip: '10.0.0.1', ttlSeconds: 30 },
  ])
  pass(31_000)
  clusters.get('a')!.pickHost(DIALLED)
  await turn()
  const choices = [clusters.get('a')!.pickHost(DIALLED), clusters.get('a')!.pickHost(DIALLED)]
  assert.ok(choices.some((choice) => choice.kind === 'host' && choice.host === first.host))
})
