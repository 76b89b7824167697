import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { clusterOf, endpointOf } from '#test/proxy-config.ts'

/** What a server may do with a stream. */
const SERVERS: readonly ((stream: ServerHttp2Stream) => void)[] = [
  (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('ok')
  },
  (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  (stream) => {
    stream.respond({ ':status': 200 })
    stream.write('half')
    setTimeout(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR), 3)
  },
  (stream) => void setTimeout(() => stream.session?.close(), 1),
  (stream) => stream.session?.destroy(),
  () => {},
]

/** What a client may do on its connection. */
const CLIENTS: readonly ((session: ClientHttp2Session) => void)[] = [
  (session) =>
    void session
      .request({ ':path': '/', ':authority': 'a.example' })
      .on('error', () => {})
      .resume(),
  (session) =>
    void session
      .request({ ':method': 'POST', ':path': '/', ':authority': 'a.example' })
      .on('error', () => {})
      .end('body'),
  (session) => {
    const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'a.example' }).on('error', () => {})
    stream.write('half')
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 2)
  },
  (session) => void session.request({ ':path': 'bad path', ':authority': 'a.example' }).on('error', () => {}),
  (session) => void session.request({ ':method': 'CONNECT', ':authority': 'a.example:1' }).on('error', () => {}),
]

function pick<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)]!
}

test('whatever HTTP/2 clients and servers do to each other, nothing stays counted', async (t) => {
  const server = createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {}).resume()
    pick(SERVERS)(stream)
  })
  server.on('sessionError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const cluster = clusterOf('c', {
    endpoints: [endpointOf('127.0.0.1', (server.address() as AddressInfo).port)],
    httpProtocol: 'http2',
  })
  const proxy = await httpProxyOnLoopback(t, {
    clusters: [cluster],
    routes: routeTableOf({ '*': [routeOf('c', { timeoutMs: 100 })] }),
  })
  for (let round = 0; round < 20; round++) {
    const session = connect(`http://127.0.0.1:${proxy.port}`)
    session.on('error', () => {})
    // A graceful end waits for streams, and the test's process for the session.
    t.after(() => session.destroy())
    for (let i = 0; i < 10; i++) pick(CLIENTS)(session)
    await sleep(10)
    if (round % 2 === 0) session.destroy()
    else session.close()
  }
  const { circuit } = proxy.env.cluster('c')!
  for (let i = 0; i < 200 && (circuit.requests > 0 || circuit.pendingRequests > 0); i++) await sleep(10)
  assert.deepEqual([circuit.requests, circuit.pendingRequests], [0, 0])
  assert.ok(proxy.logged.length > 100, `only ${proxy.logged.length} requests were logged`)
  assert.equal(new Set(proxy.logged.map(({ info }) => info)).size, proxy.logged.length)
})
