import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { ApiServerRig, ROOT, statusOf } from '#test/api-server-rig.ts'
import { configMap, serviceEntry } from '#test/object-rig.ts'
import { CertificateAuthority } from './auth/certificate-authority.ts'
import type { KeyPair } from './auth/key-pair.ts'
import { StateFiles } from './auth/state-files.ts'
import { VIEW_GROUP } from './auth/user.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const ENTRIES = '/apis/networking.istio.io/v1/namespaces/default/serviceentries'

test('without credentials nothing is served but whether the server lives, and its version', async (t) => {
  const rig = await ApiServerRig.start(t)
  for (const path of ['/livez', '/readyz', '/healthz', '/version']) assert.equal((await rig.call(path)).code, 200, path)
  for (const path of ['/', '/api', '/apis', '/openapi/v3', '/openapi/v2', MAPS, '/nosuch']) {
    const answer = await rig.call(path)
    assert.deepEqual(statusOf(answer), [401, 'Unauthorized', 'Unauthorized'], path)
  }
  const post = await rig.call('/version', { method: 'POST', body: '{}' })
  assert.equal(post.code, 401)
  assert.notEqual(await rig.plain(), 'answered')
})

test('credentials of another authority, broken tokens and tokens that were taken back are none', async (t) => {
  const rig = await ApiServerRig.start(t)
  const directory = mkdtempSync(join(tmpdir(), 'postern-ca-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const other = await CertificateAuthority.open(new StateFiles(directory))
  assert.equal((await rig.call(MAPS, { pair: await other.issueClient(ROOT) })).code, 401)
  assert.equal((await rig.call(MAPS, { pair: await rig.pairOf(ROOT) })).code, 200)
  const unlisted = await rig.server.authority.issueClient(ROOT)
  assert.equal((await rig.call(MAPS, { pair: unlisted })).code, 401, 'signed, and in no list')
  const { token } = rig.server.credentials.issueToken({ name: 'vera', groups: [VIEW_GROUP] })
  const ask = (text: string) => rig.call(MAPS, { headers: { Authorization: text } })
  assert.equal((await ask(`Bearer ${token}`)).code, 200)
  for (const text of ['Bearer ', 'Bearer x', `Basic ${token}`, token, `Bearer ${token}x`]) {
    assert.equal((await ask(text)).code, 401, text)
  }
  rig.server.revoke('vera')
  assert.equal((await ask(`Bearer ${token}`)).code, 401)
})

test('what is revoked is refused at once: on connections that are open, and in the midst of a watch', async (t) => {
  const rig = await ApiServerRig.start(t)
  const [vera, bob] = await Promise.all(
    ['vera', 'bob'].map((name) => rig.pairOf({ name, groups: [VIEW_GROUP] })) as [Promise<KeyPair>, Promise<KeyPair>],
  )
  const { token } = rig.server.credentials.issueToken({ name: 'vera', groups: [VIEW_GROUP] })
  const watch = `GET ${MAPS}?watch=true HTTP/1.1\r\nHost: x\r\n`
  const watches = await Promise.all([
    rig.socket(vera).then((socket) => ask(socket, `${watch}\r\n`, 'HTTP/1.1 200')),
    rig.socket(bob).then((socket) => ask(socket, `${watch}\r\n`, 'HTTP/1.1 200')),
    rig.socket('none').then((socket) => ask(socket, `${watch}Authorization: Bearer ${token}\r\n\r\n`, 'HTTP/1.1 200')),
  ])
  const kept = await rig.socket(vera)
  const get = `GET ${MAPS} HTTP/1.1\r\nHost: x\r\n\r\n`
  await ask(kept, get, '"ConfigMapList"')
  const ends = [watches[0], watches[2]].map((socket) => once(socket, 'close'))
  assert.deepEqual(
    rig.server
      .revoke('vera')
      .map(({ kind }) => kind)
      .sort(),
    ['certificate', 'token'],
  )
  await Promise.all(ends)
  await ask(kept, get, '"reason":"Unauthorized"')
  const refused = [401, 'Unauthorized', 'Unauthorized']
  assert.deepEqual(statusOf(await rig.call(MAPS, { pair: vera })), refused)
  assert.deepEqual(statusOf(await rig.call(MAPS, { headers: { Authorization: `Bearer ${token}` } })), refused)
  assert.equal((await rig.call(MAPS, { pair: bob })).code, 200)
  await rig.admin(MAPS, { method: 'POST', body: JSON.stringify(configMap('later')) })
  await ask(watches[1], '', '"later"')
  assert.deepEqual(rig.server.revoke('vera'), [])
})

test('a revocation that cannot be written down holds all the same, and says so', async (t) => {
  const rig = await ApiServerRig.start(t)
  const pair = await rig.pairOf({ name: 'vera', groups: [VIEW_GROUP] })
  const { directory } = rig
  rmSync(join(directory, 'issued.json'))
  mkdirSync(join(directory, 'issued.json'))
  assert.throws(() => rig.server.revoke('vera'), { code: 'apiserver/state' })
  assert.equal((await rig.call(MAPS, { pair })).code, 401)
  rmdirSync(join(directory, 'issued.json'))
})

/** Sends bytes and waits until the answer holds a text; answers the socket. */
async function ask(socket: TLSSocket, request: string, text: string): Promise<TLSSocket> {
  let answer = ''
  socket.write(request)
  while (!answer.includes(text)) answer += String((await once(socket, 'data'))[0])
  return socket
}

test('who may not is told so in the words of Kubernetes, before anything of the body is read', async (t) => {
  const rig = await ApiServerRig.start(t)
  const pair = await rig.pairOf({ name: 'vera', groups: [VIEW_GROUP] })
  const answer = await rig.call(ENTRIES, { method: 'POST', body: 'x'.repeat(5_000_000), pair }).catch(() => undefined)
  if (answer !== undefined) {
    assert.deepEqual(statusOf(answer), [
      403,
      'Forbidden',
      'serviceentries.networking.istio.io is forbidden: User "vera" cannot create resource "serviceentries" in API group "networking.istio.io" in the namespace "default"',
    ])
  }
  assert.equal((await rig.call('/api/v1/secrets', { pair })).code, 403)
  assert.equal((await rig.call('/api/v1/namespaces/default/secrets/x', { pair })).code, 403)
  assert.equal((await rig.call('/nosuch', { pair })).code, 403)
  assert.equal((await rig.call('/openapi/v3', { pair })).code, 200)
})

test('administrators act for anybody, and nobody else acts for another', async (t) => {
  const rig = await ApiServerRig.start(t)
  const as = { 'Impersonate-User': 'vera', 'Impersonate-Group': VIEW_GROUP }
  assert.equal((await rig.admin(MAPS, { headers: as })).code, 200)
  assert.equal((await rig.admin('/api/v1/secrets', { headers: as })).code, 403)
  assert.equal((await rig.admin(MAPS, { headers: { 'Impersonate-Group': VIEW_GROUP } })).code, 400)
  const pair = await rig.pairOf({ name: 'vera', groups: [VIEW_GROUP] })
  assert.deepEqual(statusOf(await rig.call(MAPS, { pair, headers: { 'Impersonate-User': 'root' } })), [
    403,
    'Forbidden',
    'users "root" is forbidden: User "vera" cannot impersonate resource "users" in API group "" at the cluster scope',
  ])
})

test('bodies that are too large, too deep, no JSON, no UTF-8 or of another type are refused with a Status', async (t) => {
  const rig = await ApiServerRig.start(t)
  const post = async (body: string | Uint8Array, type = 'application/json') =>
    statusOf(await rig.admin(MAPS, { method: 'POST', body, headers: { 'Content-Type': type } })).slice(0, 2)
  assert.deepEqual(await post('{'), [400, 'BadRequest'])
  assert.deepEqual(await post('[]'), [400, 'BadRequest'])
  assert.deepEqual(await post(''), [400, 'BadRequest'])
  assert.deepEqual(await post('null'), [400, 'BadRequest'])
  assert.deepEqual(await post(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`), [400, 'BadRequest'])
  assert.deepEqual(await post(Buffer.from([0x7b, 0xff, 0x7d])), [400, 'BadRequest'])
  assert.deepEqual(await post('{}', 'application/cbor'), [415, 'UnsupportedMediaType'])
  assert.deepEqual(await post('{}', 'application/vnd.kubernetes.protobuf'), [400, 'BadRequest'])
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
    .join('\n')}`
  assert.deepEqual(await post(bomb, 'application/yaml'), [400, 'BadRequest'])
  assert.deepEqual(await post(`${'['.repeat(50_000)}`, 'application/yaml'), [400, 'BadRequest'])
  const apply = await rig.admin(`${MAPS}/a?fieldManager=x`, {
    method: 'PATCH',
    body: bomb,
    headers: { 'Content-Type': 'application/apply-patch+yaml' },
  })
  assert.equal(statusOf(apply)[0], 400)
  assert.deepEqual(rig.faults, [])
})

test('ten megabytes are refused while they are sent, and the server goes on', async (t) => {
  const rig = await ApiServerRig.start(t)
  const socket = await rig.socket()
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', (piece: Buffer) => {
    answer += piece.toString()
  })
  socket.write(
    `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  socket.setMaxListeners(0)
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  for (let sent = 0; sent < 160 && !socket.destroyed; sent++) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
  if (!socket.destroyed) await once(socket, 'close')
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.match(answer, /"reason":"RequestEntityTooLarge"/)
  assert.equal((await rig.admin(MAPS)).code, 200)
})

test('who sends ten megabytes before it reads anything gets to read why they are refused', async (t) => {
  const rig = await ApiServerRig.start(t)
  const body = Buffer.alloc(10 << 20, ' ')
  for (let round = 0; round < 5; round++) {
    const socket = await rig.socket()
    socket.pause()
    const type = 'Content-Type: application/json'
    socket.write(`POST ${MAPS} HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n`)
    await new Promise<void>((resolve, reject) => socket.write(body, (error) => (error ? reject(error) : resolve())))
    let answer = ''
    socket.on('data', (piece: Buffer) => {
      answer += piece.toString()
    })
    socket.resume()
    await once(socket, 'close')
    assert.match(answer, /^HTTP\/1\.1 413 .*"reason":"RequestEntityTooLarge"/s)
  }
})

test('a watcher that reads nothing is not buffered for, and is told the rest when it reads again', async (t) => {
  const rig = await ApiServerRig.start(t)
  const data = { text: 'x'.repeat(200_000) }
  await rig.admin(MAPS, { method: 'POST', body: JSON.stringify({ ...configMap('a'), data }) })
  const socket = await rig.socket()
  socket.pause()
  const { resourceVersion } = JSON.parse((await rig.admin(MAPS)).text).metadata
  socket.write(`GET ${MAPS}?watch=1&resourceVersion=${resourceVersion} HTTP/1.1\r\nHost: x\r\n\r\n`)
  const before = process.memoryUsage().rss
  for (let round = 0; round < 60; round++) {
    await rig.admin(`${MAPS}/a`, {
      method: 'PATCH',
      body: JSON.stringify({ data: { round: String(round) } }),
      headers: { 'Content-Type': 'application/merge-patch+json' },
    })
  }
  assert.ok(process.memoryUsage().rss - before < 200 << 20)
  let text = ''
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
  })
  socket.resume()
  for (let wait = 0; wait < 200 && !text.includes('"round":"59"'); wait++) await after(50)
  const rounds = [...text.matchAll(/"round":"(\d+)"/g)].map(([, round]) => Number(round))
  assert.deepEqual(rounds, [...Array(60).keys()])
  socket.destroy()
})

test('a watch says how far it has come before its time is up, to those who want bookmarks', async (t) => {
  const rig = await ApiServerRig.start(t)
  await rig.admin(MAPS, { method: 'POST', body: JSON.stringify(configMap('a')) })
  const { resourceVersion } = JSON.parse((await rig.admin(MAPS)).text).metadata
  const watch = `${MAPS}?watch=1&timeoutSeconds=3&fieldSelector=metadata.name%3Dother`
  const plain = rig.admin(watch)
  const { type, object } = JSON.parse((await rig.admin(`${watch}&allowWatchBookmarks=true`)).text)
  assert.deepEqual([type, object.metadata.resourceVersion], ['BOOKMARK', resourceVersion])
  assert.equal((await plain).text, '')
})

test('services are selected by their type, as in Kubernetes', async (t) => {
  const rig = await ApiServerRig.start(t)
  const services = '/api/v1/namespaces/default/services'
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } }
  assert.equal((await rig.admin(services, { method: 'POST', body: JSON.stringify(service) })).code, 201)
  const found = async (selector: string) =>
    JSON.parse((await rig.admin(`${services}?fieldSelector=${encodeURIComponent(selector)}`)).text).items.length
  assert.deepEqual([await found('spec.type=ClusterIP'), await found('spec.type=NodePort')], [1, 0])
})

test('a head that never ends is not waited for', async (t) => {
  const rig = await ApiServerRig.start(t)
  const socket = await rig.socket()
  socket.on('error', () => {})
  socket.resume()
  socket.write(`GET /version HTTP/1.1\r\nX-Long: ${'x'.repeat(20_000)}\r\n`)
  await once(socket, 'close')
  assert.equal((await rig.call('/version')).code, 200)
})

test('a write whose answer cannot be given is not made, and a body that ends early is no fault of the server', async (t) => {
  const rig = await ApiServerRig.start(t)
  const body = JSON.stringify(configMap('a'))
  assert.equal((await rig.admin(MAPS, { method: 'POST', body, headers: { Accept: 'text/html' } })).code, 406)
  assert.equal((await rig.admin(`${MAPS}/a`)).code, 404)
  const socket = await rig.socket()
  socket.write(`POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`)
  await after(50)
  socket.destroy()
  assert.equal((await rig.admin(`${MAPS}/a`)).code, 404)
  assert.deepEqual(rig.faults, [])
})

test('tables, metadata alone and compressed listings are answered when asked for, and nothing that there is not', async (t) => {
  const rig = await ApiServerRig.start(t)
  await rig.admin(ENTRIES, { method: 'POST', body: JSON.stringify(serviceEntry('a')) })
  const accept = (text: string) => rig.admin(ENTRIES, { headers: { Accept: text } })
  const table = JSON.parse((await accept('application/json;as=Table;v=v1;g=meta.k8s.io,application/json')).text)
  assert.deepEqual([table.kind, table.apiVersion, table.rows[0].cells[0]], ['Table', 'meta.k8s.io/v1', 'a'])
  const partial = JSON.parse((await accept('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io')).text)
  assert.deepEqual([partial.kind, partial.items[0].spec], ['PartialObjectMetadataList', undefined])
  assert.deepEqual(statusOf(await accept('application/vnd.kubernetes.protobuf')).slice(0, 2), [406, 'NotAcceptable'])
  assert.equal((await accept('text/html, */*;q=0.1')).code, 200)
  for (let index = 0; index < 40; index++) {
    const data = { text: 'x'.repeat(5000) }
    await rig.admin(MAPS, { method: 'POST', body: JSON.stringify({ ...configMap(`m${index}`), data }) })
  }
  const { headers } = await rig.admin(MAPS, { headers: { 'Accept-Encoding': 'gzip' } })
  assert.equal(headers['content-encoding'], 'gzip')
  assert.ok(Number(headers['content-length']) < 50_000)
})

test('methods and paths that there are not are told apart', async (t) => {
  const rig = await ApiServerRig.start(t)
  const status = async (path: string, method: string) => statusOf(await rig.admin(path, { method })).slice(0, 2)
  assert.deepEqual(await status('/nosuch', 'GET'), [404, 'NotFound'])
  assert.deepEqual(await status('/api/v2/configmaps', 'GET'), [404, 'NotFound'])
  assert.deepEqual(await status(`${MAPS}/a/status`, 'GET'), [404, 'NotFound'])
  assert.deepEqual(await status(`${MAPS}/a%2f..%2fb`, 'GET'), [400, 'BadRequest'])
  assert.deepEqual(await status('/api/v1/configmaps', 'DELETE'), [405, 'MethodNotAllowed'])
  assert.deepEqual(await status(`${MAPS}/a`, 'POST'), [405, 'MethodNotAllowed'])
  assert.deepEqual(await status(MAPS, 'PUT'), [405, 'MethodNotAllowed'])
  assert.deepEqual(await status(MAPS, 'PATCH'), [405, 'MethodNotAllowed'])
  assert.deepEqual(await status('/version', 'POST'), [405, 'MethodNotAllowed'])
  assert.deepEqual(rig.faults, [])
})

test('warnings are told in headers, whatever they are made of', async (t) => {
  const rig = await ApiServerRig.start(t)
  const odd = { ...configMap('a'), 'x"\r\nSet-Cookie: y\u00e9': 1 }
  const { code, headers } = await rig.admin(MAPS, { method: 'POST', body: JSON.stringify(odd) })
  assert.equal(code, 201)
  assert.equal(headers['set-cookie'], undefined)
  assert.match(String(headers.warning), /^299 - "unknown field \\"x/)
})
