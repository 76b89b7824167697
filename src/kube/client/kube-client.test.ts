import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { FakeApiServer, type SeenRequest } from '#test/fake-api-server.ts'
import { createAuthority } from '#test/world/certificates.ts'
import { discover } from './discovery.ts'
import { KubeClient } from './kube-client.ts'
import { loadKubeconfig } from './kubeconfig.ts'
import { warningsOf } from './outcome.ts'
import { type Resource, resourcePath } from './resource.ts'

const WIDGETS: Resource = { group: 'test.dev', version: 'v1', plural: 'widgets', namespaced: true }
const WIDGET = { apiVersion: 'test.dev/v1', kind: 'Widget', metadata: { name: 'a', namespace: 'ns' } }

async function served(t: TestContext, answer?: FakeApiServer['answer']) {
  const server = new FakeApiServer()
  server.answer = answer
  await server.start()
  const client = clientOf(server.url, 'token: secret')
  t.after(async () => {
    client.close()
    await server.stop()
  })
  return { server, client }
}

function clientOf(url: string, user: string, cluster = '', timeoutMs = 5_000): KubeClient {
  const text = `current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "${url}"${cluster}}}]\nusers: [{name: u, user: {${user}}}]\n`
  return new KubeClient(loadKubeconfig({ text }), { timeoutMs })
}

function reply(response: ServerResponse, code: number, body: object, headers: Record<string, string> = {}): true {
  response.writeHead(code, headers).end(JSON.stringify(body))
  return true
}

test('each verb becomes the request that the API has for it', async (t) => {
  const { server, client } = await served(t, (_, response) => reply(response, 200, WIDGET))
  await client.get(WIDGETS, 'a', 'ns')
  await client.create(WIDGETS, WIDGET, { dryRun: true, fieldManager: 'm', fieldValidation: 'Strict' })
  await client.replace(WIDGETS, WIDGET, { subresource: 'status' })
  await client.patch(WIDGETS, 'a', 'ns', 'apply', { size: 1 }, { force: true, fieldManager: 'm' })
  await client.patch(WIDGETS, 'a', 'ns', 'json', [{ op: 'remove', path: '/size' }])
  await client.delete(WIDGETS, 'a', 'ns', { propagationPolicy: 'Foreground', uid: 'u' })
  const lines = server.seen.map(({ method, path, query }) => `${method} ${path}${query.size > 0 ? `?${query}` : ''}`)
  assert.deepEqual(lines, [
    'GET /apis/test.dev/v1/namespaces/ns/widgets/a',
    'POST /apis/test.dev/v1/namespaces/ns/widgets?dryRun=All&fieldManager=m&fieldValidation=Strict',
    'PUT /apis/test.dev/v1/namespaces/ns/widgets/a/status',
    'PATCH /apis/test.dev/v1/namespaces/ns/widgets/a?fieldManager=m&force=true',
    'PATCH /apis/test.dev/v1/namespaces/ns/widgets/a',
    'DELETE /apis/test.dev/v1/namespaces/ns/widgets/a',
  ])
  const contentOf = ({ headers, body }: SeenRequest) => `${headers['content-type']} ${body}`
  assert.equal(contentOf(server.seen[3]!), 'application/apply-patch+yaml {"size":1}')
  assert.match(contentOf(server.seen[4]!), /^application\/json-patch\+json \[/)
  assert.match(server.seen[5]!.body, /"propagationPolicy":"Foreground","preconditions":\{"uid":"u"\}/)
  assert.ok(server.seen.every(({ headers }) => headers.authorization === 'Bearer secret'))
})

test('requests for somebody else say for whom', async (t) => {
  const { server } = await served(t, (_, response) => reply(response, 200, WIDGET))
  const client = clientOf(server.url, 'token: secret, as: jane, as-groups: [a, b]')
  t.after(() => client.close())
  await client.get(WIDGETS, 'a', 'ns')
  const { headers } = server.seen.at(-1)!
  assert.deepEqual([headers['impersonate-user'], headers['impersonate-group']], ['jane', 'a, b'])
})

test('core kinds and cluster-scoped kinds have paths of their own', () => {
  const pods = { group: '', version: 'v1', plural: 'pods', namespaced: true }
  assert.equal(resourcePath(pods), '/api/v1/pods')
  assert.equal(resourcePath(pods, { namespace: 'n', name: 'x/y' }), '/api/v1/namespaces/n/pods/x%2Fy')
  const nodes = { group: '', version: 'v1', plural: 'nodes', namespaced: false }
  assert.equal(resourcePath(nodes, { namespace: 'n', name: 'a' }), '/api/v1/nodes/a')
})

test('a refusal is an outcome with the reason of its Status, and what no API server wrote is told as it is', async (t) => {
  const status = { kind: 'Status', code: 409, reason: 'AlreadyExists', message: 'widgets "a" already exists' }
  const answers = [
    (response: ServerResponse) => reply(response, 409, status),
    (response: ServerResponse) => Boolean(response.writeHead(502).end('<html>bad gateway')),
  ]
  const { client } = await served(t, (_, response) => answers.shift()?.(response) ?? false)
  const refused = await client.create(WIDGETS, WIDGET)
  assert.ok(refused.kind === 'refused')
  assert.deepEqual(
    [refused.refusal.code, refused.refusal.reason, refused.refusal.message],
    [409, 'AlreadyExists', 'widgets "a" already exists'],
  )
  const broken = await client.get(WIDGETS, 'a', 'ns')
  assert.ok(broken.kind === 'refused')
  assert.equal(broken.refusal.message, 'the server answered 502: <html>bad gateway')
})

test('warnings of the server come with the outcome', async (t) => {
  const warning = '299 - "unknown field \\"spec.x\\"", 299 - "deprecated"'
  const { client } = await served(t, (_, response) => reply(response, 200, WIDGET, { warning }))
  assert.deepEqual((await client.create(WIDGETS, WIDGET)).warnings, ['unknown field "spec.x"', 'deprecated'])
  assert.deepEqual(warningsOf('199 - "other"'), [])
})

test('a list is read in pages, and all at once when its pages are forgotten meanwhile', async (t) => {
  const { server, client } = await served(t)
  for (let index = 0; index < 1203; index++) server.put(`w${index}`, index)
  const all = await client.list(WIDGETS, { namespace: 'default' })
  assert.ok(all.kind === 'done')
  assert.equal(all.value.items.length, 1203)
  assert.deepEqual(
    server.seen.map(({ query }) => `${query.get('limit')} ${query.get('continue')}`),
    ['500 null', '500 500', '500 1000'],
  )
  server.seen.length = 0
  server.answer = ({ query }, response) =>
    query.has('continue') && reply(response, 410, { kind: 'Status', code: 410, reason: 'Expired' })
  const again = await client.list(WIDGETS)
  assert.ok(again.kind === 'done')
  assert.equal(again.value.items.length, 1203)
  assert.equal(server.seen.at(-1)?.query.get('limit'), null)
})

test('items of core kinds get the type that their list names', async (t) => {
  const { client } = await served(t, (_, response) =>
    reply(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [{ metadata: { name: 'p' } }] }),
  )
  const pods = await client.list({ group: '', version: 'v1', plural: 'pods', namespaced: true })
  assert.ok(pods.kind === 'done')
  assert.deepEqual(pods.value.items[0], { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } })
})

test('a watch tells events in order, however the bytes are cut, and ends with what the server said', async (t) => {
  const text = ['ADDED', 'MODIFIED', 'DELETED']
    .map((type) => JSON.stringify({ type, object: { ...WIDGET, note: 'ü€𝄞' } }))
    .concat(JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } }))
    .concat(JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } }))
    .join('\n')
  const { client } = await served(t, (_, response) => {
    void (async () => {
      for (const byte of Buffer.from(`${text}\n`)) {
        response.write(Buffer.of(byte))
        if (byte > 127) await new Promise(setImmediate)
      }
      response.end()
    })()
    return true
  })
  const told: string[] = []
  const end = await client.watch(WIDGETS, { resourceVersion: '5', bookmarks: true }, (event) =>
    told.push(event.kind === 'bookmark' ? `bookmark ${event.resourceVersion}` : `${event.kind} ${event.object.note}`),
  )
  assert.deepEqual(told, ['added ü€𝄞', 'modified ü€𝄞', 'deleted ü€𝄞', 'bookmark 7'])
  assert.ok(end.kind === 'refused')
  assert.deepEqual([end.refusal.code, end.refusal.message], [410, 'too old'])
})

test('a watch that breaks off is a fault, one that is aborted is not', async (t) => {
  const { server, client } = await served(t)
  const broken = client.watch(WIDGETS, { resourceVersion: '99' }, () => undefined)
  while (server.watches === 0) await new Promise(setImmediate)
  server.breakWatches()
  await assert.rejects(broken, (thrown) => thrown instanceof Fault && thrown.code === 'kube/unreachable')
  const stop = new AbortController()
  const aborted = client.watch(WIDGETS, { resourceVersion: '99', signal: stop.signal }, () => undefined)
  while (server.watches === 0) await new Promise(setImmediate)
  stop.abort()
  assert.deepEqual(await aborted, { kind: 'ended' })
})

test('a server that asks for patience is asked again', async (t) => {
  let refusals = 2
  const { server, client } = await served(t, (_, response) =>
    refusals-- > 0
      ? reply(response, 429, { kind: 'Status', code: 429 }, { 'retry-after': '0' })
      : reply(response, 200, WIDGET),
  )
  assert.equal((await client.get(WIDGETS, 'a', 'ns')).kind, 'done')
  assert.equal(server.seen.length, 3)
})

test('a server that does not answer, or is not there, is a fault', async (t) => {
  const { server, client } = await served(t)
  const silent = clientOf(server.url, '', '', 20)
  t.after(() => silent.close())
  server.answer = () => true
  await assert.rejects(silent.get(WIDGETS, 'a', 'ns'), /no answer within 20 ms/)
  await server.stop()
  await assert.rejects(client.get(WIDGETS, 'a', 'ns'), /cannot be reached: .*ECONNREFUSED/)
})

test('a kept connection that the server closed meanwhile is no failure for a reader', async (t) => {
  const { server, client } = await served(t)
  assert.equal((await client.list(WIDGETS)).kind, 'done')
  await server.stop()
  await server.start()
  assert.equal((await client.list(WIDGETS)).kind, 'done')
})

test('the server is known by its certificate, and the client by its own', async (t) => {
  const authority = await createAuthority()
  const other = await createAuthority()
  const server = new FakeApiServer({
    ...(await authority.issue(['api.test'])),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  await server.start()
  const { cert, key } = await authority.issue(['client.test'])
  const base64 = (pem: string) => Buffer.from(pem).toString('base64')
  const user = `client-certificate-data: ${base64(cert)}, client-key-data: ${base64(key)}`
  const trusting = (ca: string) => `, certificate-authority-data: ${base64(ca)}, tls-server-name: api.test`
  const known = clientOf(server.url, user, trusting(authority.cert))
  const nameless = clientOf(server.url, '', trusting(authority.cert))
  const deceived = clientOf(server.url, user, trusting(other.cert))
  const careless = clientOf(server.url, user, ', insecure-skip-tls-verify: true')
  t.after(async () => {
    for (const client of [known, nameless, deceived, careless]) client.close()
    await server.stop()
  })
  assert.equal((await known.list(WIDGETS)).kind, 'done')
  assert.equal((await careless.list(WIDGETS)).kind, 'done')
  await assert.rejects(nameless.list(WIDGETS), /cannot be reached/)
  await assert.rejects(deceived.list(WIDGETS), /self-signed|unable to|verify|signature/)
})

test('discovery finds a resource by any of its names, and by its kind in any served version', async (t) => {
  const listing = (name: string, kind: string) => ({
    resources: [
      { name, kind, namespaced: true, singularName: '', shortNames: [name.slice(0, 2)] },
      { name: `${name}/status`, kind },
    ],
  })
  const bodies: Readonly<Record<string, object>> = {
    '/apis': {
      groups: [
        {
          name: 'test.dev',
          versions: [{ version: 'v1' }, { version: 'v1beta1' }],
          preferredVersion: { version: 'v1' },
        },
        { name: 'other.dev', versions: [{ version: 'v1' }] },
      ],
    },
    '/api/v1': listing('pods', 'Pod'),
    '/apis/test.dev/v1': listing('widgets', 'Widget'),
    '/apis/test.dev/v1beta1': {
      resources: [...listing('widgets', 'Widget').resources, ...listing('gizmos', 'Gizmo').resources],
    },
    '/apis/other.dev/v1': listing('widgets', 'Widget'),
  }
  const { client } = await served(t, ({ path }, response) => reply(response, 200, bodies[path] ?? {}))
  const discovery = await discover(client)
  const found = (name: string) => {
    const one = discovery.named(name)
    return one && `${one.plural} ${one.group} ${one.version}`
  }
  for (const name of ['widgets', 'widget', 'Widget', 'wi']) assert.equal(found(name), 'widgets test.dev v1')
  assert.equal(found('widgets.other.dev'), 'widgets other.dev v1')
  assert.equal(found('po'), 'pods  v1')
  assert.equal(found('gizmo'), 'gizmos test.dev v1beta1', 'a kind that the preferred version does not have')
  assert.equal(found('gadgets'), undefined)
  assert.equal(discovery.ofKind('test.dev/v1beta1', 'Widget')?.version, 'v1beta1')
  assert.equal(discovery.resources.length, 4)
})

test('a token file that cannot be read is no fault of the server, and nothing is sent', async (t) => {
  const server = new FakeApiServer()
  await server.start()
  t.after(() => server.stop())
  const text = `current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "${server.url}"}}]\nusers: [{name: u, user: {tokenFile: /no/such/token}}]\n`
  const client = new KubeClient(loadKubeconfig({ text }))
  t.after(() => client.close())
  await assert.rejects(client.raw('GET', '/version'), (thrown) => {
    assert.ok(thrown instanceof Fault)
    assert.match(
      `${thrown.code}: ${thrown.message}`,
      /^kube\/kubeconfig-missing: "tokenFile" of the kubeconfig cannot be read/,
    )
    return true
  })
  assert.deepEqual(server.seen, [])
})
