import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addProxyConfigVerb, type ProxyConfigAnswer, type ProxyConfigQuestion } from './proxy-config.ts'

const socket = (address: string, portValue: number) => ({ socketAddress: { address, portValue } })
const tcp = (cluster: string) => [{ name: 'envoy.filters.network.tcp_proxy', typedConfig: { cluster } }]
const ANSWER: ProxyConfigAnswer = {
  clusters: [
    { name: 'BlackHoleCluster', type: 'STATIC' },
    { name: 'outbound|443||db.example.com', type: 'EDS' },
    {
      name: 'outbound|80||api.example.com',
      type: 'STRICT_DNS',
      loadAssignment: {
        clusterName: 'outbound|80||api.example.com',
        endpoints: [{ lbEndpoints: [{ endpoint: { address: socket('api.example.com', 80) } }] }],
      },
    },
  ],
  listeners: [
    {
      name: '0.0.0.0_443',
      address: socket('0.0.0.0', 443),
      additionalAddresses: [{ address: socket('::', 443) }],
      filterChains: [
        { filterChainMatch: { serverNames: ['db.example.com'] }, filters: tcp('outbound|443||db.example.com') },
        {
          filterChainMatch: { transportProtocol: 'raw_buffer', applicationProtocols: ['http/1.1', 'h2c'] },
          filters: [{ typedConfig: { rds: { routeConfigName: '443' } } }],
        },
        {
          filterChainMatch: { prefixRanges: [{ addressPrefix: '10.0.0.0', prefixLen: 8 }] },
          filters: tcp('outbound|443||ten.example.com'),
        },
      ],
      defaultFilterChain: { filters: tcp('BlackHoleCluster') },
    },
    {
      name: 'virtualOutbound',
      address: socket('0.0.0.0', 15001),
      filterChains: [{ filterChainMatch: { destinationPort: 15001 }, filters: tcp('BlackHoleCluster') }],
    },
  ],
  routes: [
    {
      name: '80',
      virtualHosts: [
        {
          name: 'api.example.com:80',
          domains: ['api.example.com', 'api.example.com.', '240.240.0.1'],
          routes: [{ match: { prefix: '/' } }],
        },
        { name: 'block_all', domains: ['*'], routes: [{ match: { prefix: '/' } }] },
      ],
    },
  ],
  endpoints: [
    {
      clusterName: 'outbound|443||db.example.com',
      endpoints: [
        {
          lbEndpoints: [
            { endpoint: { address: socket('2001:db8::1', 8443) } },
            { endpoint: { address: { pipe: { path: '/run/db.sock' } } }, healthStatus: 'HEALTHY' },
          ],
        },
      ],
    },
  ],
  names: { 'api.example.com': { ips: ['240.240.0.1'], registry: 'External' } },
}

const BOOTSTRAP = { node: { id: 'sidecar~127.0.0.1~curl.default~default.svc.cluster.local' } }

function run(...args: string[]) {
  return runFor(ANSWER, ...args)
}

async function runFor(answer: ProxyConfigAnswer, ...args: string[]) {
  let output = ''
  let notes = ''
  let asked: ProxyConfigQuestion | undefined
  const program = new Command('postern').exitOverride().configureOutput({ writeErr: () => {} })
  const stdout = { write: (text: string) => (output += text) }
  addProxyConfigVerb(program, { stdout, stderr: { write: (text: string) => (notes += text) } }, (question) => {
    asked = question
    return answer
  })
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} })
  await program.parseAsync(['node', 'postern', 'proxy-config', ...args])
  return { output, notes, asked }
}

test('all as JSON has every kind of resource and the names', async () => {
  const { output } = await run('all', '-f', 'in.yaml', '-o', 'json')
  assert.deepEqual(JSON.parse(output), ANSWER)
})

test('one kind as JSON has that kind only, asked for in singular or plural', async () => {
  for (const written of ['clusters', 'cluster']) {
    const { output } = await run(written, '-f', 'in.yaml', '-o=json')
    assert.deepEqual(JSON.parse(output), { clusters: ANSWER.clusters })
  }
})

test('what is asked of the configuration comes from the flags', async () => {
  const flags = ['-f', 'a.yaml', 'b.yaml', '-f', 'c', '-n', 'shop', '--labels', 'app=web,tier=1']
  const { asked } = await run('routes', ...flags, '--mesh-policy', 'ALLOW_ANY', '--ip-families', 'dual')
  assert.deepEqual(asked, {
    proxy: undefined,
    files: ['a.yaml', 'b.yaml', 'c'],
    policy: 'ALLOW_ANY',
    namespace: 'shop',
    labels: { app: 'web', tier: '1' },
    ipFamilies: 'dual',
  })
})

test('an IPv4 pod without policy of its own is the default', async () => {
  const { asked } = await run('all')
  const defaults = {
    proxy: undefined,
    files: [],
    policy: undefined,
    namespace: 'default',
    labels: {},
    ipFamilies: 'v4',
  }
  assert.deepEqual(asked, defaults)
})

test('clusters are shown as istioctl shows them', async () => {
  const { output } = await run('clusters')
  assert.equal(
    output,
    [
      'SERVICE FQDN         PORT     SUBSET     DIRECTION     TYPE           DESTINATION RULE',
      'BlackHoleCluster     -        -          -             STATIC',
      'api.example.com      80       -          outbound      STRICT_DNS',
      'db.example.com       443      -          outbound      EDS',
      '',
    ].join('\n'),
  )
})

test('listeners show each filter chain, what it matches and where it leads', async () => {
  const { output } = await run('listeners')
  assert.equal(
    output,
    [
      'ADDRESSES      PORT      MATCH                                    DESTINATION',
      '0.0.0.0,::     443       SNI: db.example.com                      Cluster: outbound|443||db.example.com',
      '0.0.0.0,::     443       Trans: raw_buffer; App: http/1.1,h2c     Route: 443',
      '0.0.0.0,::     443       Addr: 10.0.0.0/8                         Cluster: outbound|443||ten.example.com',
      '0.0.0.0,::     443       ALL                                      BlackHoleCluster',
      '0.0.0.0        15001     Addr: *:15001                            BlackHoleCluster',
      '',
    ].join('\n'),
  )
})

test('routes show each virtual host, its domains and paths', async () => {
  const { output } = await run('routes')
  assert.equal(
    output,
    [
      'NAME     VHOST NAME             DOMAINS                                           MATCH     VIRTUAL SERVICE',
      '80       api.example.com:80     api.example.com, api.example.com. + 1 more...     /*',
      '80       block_all              *                                                 /*',
      '',
    ].join('\n'),
  )
})

test('endpoints are those that are sent and those that clusters hold', async () => {
  const { output } = await run('endpoints')
  assert.equal(
    output,
    [
      'ENDPOINT                STATUS      OUTLIER CHECK     CLUSTER',
      '[2001:db8::1]:8443      UNKNOWN     -                 outbound|443||db.example.com',
      'unix:///run/db.sock     HEALTHY     -                 outbound|443||db.example.com',
      'api.example.com:80      UNKNOWN     -                 outbound|80||api.example.com',
      '',
    ].join('\n'),
  )
})

test('the bootstrap is that of a connected sidecar, and JSON in any case', async () => {
  const { output } = await runFor({ ...ANSWER, bootstrap: BOOTSTRAP }, 'bootstrap', 'curl.default')
  assert.deepEqual(JSON.parse(output), { bootstrap: BOOTSTRAP })
  await assert.rejects(run('bootstrap', '-f', 'a.yaml'), { code: 'inspect/no-bootstrap' })
})

test('sidecars have no secrets, which is said in the words of istioctl', async () => {
  const { output, notes } = await run('secret')
  assert.deepEqual([output, notes], ['No active or warming secrets found.\n', ''])
  assert.deepEqual(JSON.parse((await run('secrets', '-o', 'json')).output), { secrets: [] })
})

test('a kind or a format that does not exist is refused with those that do', async () => {
  await assert.rejects(
    run('ecds'),
    /Allowed choices are all, listeners, clusters, routes, endpoints, secrets, bootstrap/,
  )
  await assert.rejects(run('all', '-o', 'yaml'), /Allowed choices are json, table/)
})
