import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { BLOCK_ALL, httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { dialLoopback, listenOnLoopback, readAll } from '#test/loopback.ts'
import { clusterOf, endpointOf, listenerOf, proxyConfigOf, tcpChainOf } from '#test/proxy-config.ts'

const HOST = 'Host: a.example\r\n'
const CLUSTER = 'outbound|80||a.example'

async function originServer(t: TestContext, serve: RequestListener): Promise<number> {
  const server = createServer({ keepAliveTimeout: 60_000 }, serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A proxy in front of one upstream port, everything routed to it. */
async function proxyTo(t: TestContext, port: number, action: Parameters<typeof routeOf>[1] = {}) {
  const cluster = clusterOf(CLUSTER, { endpoints: [endpointOf('127.0.0.1', port)] })
  return await httpProxyOnLoopback(t, {
    clusters: [cluster],
    routes: routeTableOf({ '*': [routeOf(CLUSTER, action)] }),
  })
}

/** Sends bytes and returns what came until the other side closed. */
async function exchangeRaw(t: TestContext, port: number, bytes: string): Promise<string> {
  const socket = await dialLoopback(t, port)
  const answer = readAll(socket)
  socket.write(Buffer.from(bytes, 'latin1'))
  return (await answer).toString('latin1')
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of message) body += piece
  return body
}

/** An upstream that answers each connection by a script, and keeps what it was sent. */
async function scriptedUpstream(
  t: TestContext,
  serve: (socket: Socket, received: () => string) => void,
): Promise<number> {
  const { port } = await listenOnLoopback(t, (socket) => {
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      serve(socket, () => received)
    })
  })
  return port
}

test('a request goes upstream in its own spelling and order, without what belongs to the connection', async (t) => {
  let seen = ''
  const port = await scriptedUpstream(t, (socket, received) => {
    seen = received()
    if (seen.endsWith('\r\n\r\n'))
      socket.write(
        'HTTP/1.1 200 Fine\r\nX-FOO: Bar\r\nConnection: x-foo2\r\nX-Foo2: 1\r\nserver: nginx\r\ncontent-length: 2\r\n\r\nok',
      )
  })
  const proxy = await proxyTo(t, port)
  const answer = await exchangeRaw(
    t,
    proxy.port,
    `GET /a/./b?c HTTP/1.1\r\nX-First: 1\r\n${HOST}Connection: close, X-Secret\r\nuser-AGENT:  me \r\nX-Secret: 1\r\nKeep-Alive: 3\r\nx-envoy-max-retries: 3\r\nTE: trailers, deflate\r\nX-Request-Id: id-1\r\n\r\n`,
  )
  assert.equal(
    seen,
    `GET /a/b?c HTTP/1.1\r\nX-First: 1\r\n${HOST}user-AGENT:  me \r\nte: trailers\r\nX-Request-Id: id-1\r\nx-forwarded-proto: http\r\nx-envoy-attempt-count: 1\r\n\r\n`,
  )
  assert.match(
    answer,
    /^HTTP\/1\.1 200 Fine\r\nX-FOO: Bar\r\ncontent-length: 2\r\nconnection: close\r\nx-envoy-upstream-service-time: \d+\r\ndate: [^\r]+ GMT\r\nserver: envoy\r\n\r\nok$/,
  )
})

test('a request without an id gets one, and everything about it is logged', async (t) => {
  const port = await originServer(t, (request, response) => {
    response.setHeader('x-seen-id', String(request.headers['x-request-id']))
    request.resume().on('end', () => response.end('hello'))
  })
  const proxy = await proxyTo(t, port)
  const answer = await exchangeRaw(
    t,
    proxy.port,
    `POST /p?q HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 3\r\n\r\nabc`,
  )
  await proxy.untilLogged(1)
  const { info, request, response } = proxy.logged[0]!
  const id = /x-seen-id: ([0-9a-f-]{36})\r\n/.exec(answer)?.[1]
  assert.equal(request('x-request-id'), id)
  assert.equal(request('user-agent'), undefined)
  assert.equal(response('x-seen-id'), id)
  assert.equal(response('x-envoy-upstream-service-time'), String(info.upstreamServiceTimeMs))
  assert.equal(info.method, 'POST')
  assert.equal(info.path, '/p?q')
  assert.equal(info.protocol, 'HTTP/1.1')
  assert.equal(info.authority, 'a.example')
  assert.equal(info.responseCode, 200)
  assert.equal(info.responseCodeDetails, 'via_upstream')
  assert.deepEqual(info.responseFlags, [])
  assert.equal(info.bytesReceived, 3)
  assert.equal(info.bytesSent, 5)
  assert.equal(info.routeName, 'default')
  assert.equal(info.upstreamCluster, CLUSTER)
  assert.equal(info.upstreamHost.address, '127.0.0.1')
  assert.equal(info.upstreamHost.port, port)
  assert.ok(info.upstreamLocal.port > 0)
  assert.ok(info.endMs >= info.startMs)
})

test('requests of one client share one upstream connection', async (t) => {
  const upstreamPorts = new Set<number | undefined>()
  const port = await originServer(t, (request, response) => {
    upstreamPorts.add(request.socket.remotePort)
    response.end(request.url)
  })
  const proxy = await proxyTo(t, port)
  for (const path of ['/1', '/2', '/3']) {
    const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`)
    assert.equal(await answer.text(), path)
  }
  assert.equal(upstreamPorts.size, 1)
})

test('pipelined requests are answered in order, bodies and all', async (t) => {
  const port = await originServer(t, async (request, response) =>
    response.end(`${request.url}:${await bodyOf(request)};`),
  )
  const proxy = await proxyTo(t, port)
  const chunked = `POST /2 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`
  const bytes = `GET /1 HTTP/1.1\r\n${HOST}\r\n${chunked}POST /3 HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 1\r\n\r\nz`
  const answer = await exchangeRaw(t, proxy.port, bytes)
  assert.deepEqual(answer.match(/\/[123]:[a-z]*;/g), ['/1:;', '/2:abc;', '/3:z;'])
  assert.equal(proxy.logged.length, 3)
})

test('large bodies pass both ways whole, however fast each side is', async (t) => {
  const port = await originServer(t, (request, response) => request.pipe(response))
  const proxy = await proxyTo(t, port)
  const body = Buffer.alloc(5_000_000, 'abcdefghij')
  for (const headers of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
    const request = httpRequest({
      port: proxy.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { host: 'a.example', ...headers },
    })
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal((await bodyOf(response)) === body.toString(), true)
  }
  assert.equal(proxy.logged[0]!.info.bytesReceived, body.length)
  assert.equal(proxy.logged[0]!.info.bytesSent, body.length)
})

test('a response without a length becomes chunked for HTTP/1.1, and lasts until the close for HTTP/1.0', async (t) => {
  const port = await scriptedUpstream(t, (socket) => socket.end('HTTP/1.0 200 OK\r\nX: 1\r\n\r\nuntil the end'))
  const proxy = await proxyTo(t, port)
  const modern = await exchangeRaw(t, proxy.port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)
  assert.match(
    modern,
    /^HTTP\/1\.1 200 OK\r\nX: 1\r\ntransfer-encoding: chunked\r\n.*\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n$/s,
  )
  const old = await exchangeRaw(t, proxy.port, 'GET / HTTP/1.0\r\n\r\n')
  assert.match(old, /^HTTP\/1\.1 200 OK\r\nX: 1\r\nconnection: close\r\n.*\r\n\r\nuntil the end$/s)
})

test('trailers pass, of requests and of responses', async (t) => {
  let trailers: NodeJS.Dict<string> = {}
  const port = await originServer(t, async (request, response) => {
    await bodyOf(request)
    trailers = request.trailers
    response.writeHead(200, { Trailer: 'X-Sum' })
    response.write('abc')
    response.addTrailers({ 'X-Sum': '6' })
    response.end()
  })
  const proxy = await proxyTo(t, port)
  const answer = await exchangeRaw(
    t,
    proxy.port,
    `POST / HTTP/1.1\r\n${HOST}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Up: 1\r\n\r\n`,
  )
  assert.deepEqual({ ...trailers }, { 'x-up': '1' })
  assert.match(answer, /\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n$/)
})

test('HEAD, 204 and 304 have no body, whatever they say', async (t) => {
  const port = await scriptedUpstream(t, (socket, received) => {
    const requests = received().split('\r\n\r\n').length - 1
    const status = ['200 OK', '204 No Content', '304 Not Modified', '200 OK'][requests - 1]
    if (received().endsWith('\r\n\r\n'))
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\n${requests === 4 ? 'ok' : ''}`)
  })
  const proxy = await proxyTo(t, port)
  const get = (method: string, more = '') => `${method} / HTTP/1.1\r\n${HOST}${more}\r\n`
  const answer = await exchangeRaw(
    t,
    proxy.port,
    get('HEAD') + get('GET') + get('GET') + get('GET', 'Connection: close\r\n'),
  )
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200'])
  assert.ok(answer.endsWith('\r\n\r\nok'))
})

test('100 Continue comes from the upstream, and is passed on', async (t) => {
  const port = await originServer(t, async (request, response) => response.end(await bodyOf(request)))
  const proxy = await proxyTo(t, port)
  const socket = await dialLoopback(t, proxy.port)
  socket.write(`POST / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`)
  const [first] = await once(socket, 'data')
  assert.equal(first.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
  const rest = readAll(socket)
  socket.write('body')
  assert.match((await rest).toString(), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nbody$/s)
})

test('a request that a virtual host blocks is a denial', async (t) => {
  const proxy = await httpProxyOnLoopback(t, {
    clusters: [],
    routes: routeTableOf({ '*': [BLOCK_ALL] }),
    originalDst: { address: '192.0.2.7', port: 80 },
  })
  const bytes = `POST /x HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`
  const answer = await exchangeRaw(t, proxy.port, bytes)
  assert.equal(answer.match(/HTTP\/1\.1 502 Bad Gateway\r\n/g)?.length, 2)
  assert.match(
    answer,
    /x-postern-denied: no_service_entry\r\n.*server: envoy\r\n\r\ndenied a\.example \(192\.0\.2\.7:80\)\n/s,
  )
  const { info } = proxy.logged[0]!
  assert.equal(info.deniedReason, 'no_service_entry')
  assert.equal(info.responseCodeDetails, 'direct_response')
  assert.equal(info.routeName, 'block_all')
  assert.equal(info.upstreamCluster, '')
  assert.deepEqual(info.responseFlags, [])
})

test('a request on a connection whose port has lost its last rule is a denial, unless all is let through', async (t) => {
  const manager = { routes: { rds: '80' } } as const
  const proxy = await httpProxyOnLoopback(t, { clusters: [], routes: routeTableOf({}), manager })
  const ask = () => exchangeRaw(t, proxy.port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)
  assert.match(await ask(), /^HTTP\/1\.1 502 Bad Gateway\r\n.*x-postern-denied: no_service_entry\r\n/s)
  assert.equal(proxy.logged[0]!.info.deniedReason, 'no_service_entry')
  const chain = tcpChainOf('any', 'PassthroughCluster')
  proxy.apply(proxyConfigOf([listenerOf('virtualOutbound', '0.0.0.0', 15001, { filterChains: [chain] })], []))
  assert.match(await ask(), /^HTTP\/1\.1 404 /)
})

test('what is no HTTP gets 400 and the connection closes', async (t) => {
  const proxy = await httpProxyOnLoopback(t, { clusters: [], routes: routeTableOf({}) })
  const answer = await exchangeRaw(
    t,
    proxy.port,
    `GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  )
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n.*connection: close\r\n\r\nBad Request$/s)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['DPE'])
  assert.equal(proxy.logged[0]!.info.responseCodeDetails, 'http1.content_length_and_chunked_not_allowed')
})

test('a body that is malformed is refused, and the upstream is given up', async (t) => {
  const port = await originServer(t, (request) => request.resume())
  const proxy = await proxyTo(t, port)
  const answer = await exchangeRaw(
    t,
    proxy.port,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\naXX`,
  )
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n.*connection: close\r\n/s)
  assert.equal(proxy.logged.length, 1)
  assert.equal(proxy.logged[0]!.info.responseCodeDetails, 'http1.invalid_chunk')
})

test('answers of the proxy itself have the words and flags of Envoy', async (t) => {
  const { server, port: refused } = await listenOnLoopback(t)
  server.close()
  const to = (cluster: string) => [routeOf(cluster)]
  const proxy = await httpProxyOnLoopback(t, {
    clusters: [clusterOf('empty'), clusterOf('refused', { endpoints: [endpointOf('127.0.0.1', refused)] })],
    routes: routeTableOf({ gone: to('gone'), empty: to('empty'), refused: to('refused'), pathless: [] }),
  })
  const cases = [
    ['unknown', 404, '', 'NR', 'route_not_found'],
    ['pathless', 404, '', 'NR', 'route_not_found'],
    ['gone', 503, '', 'NC', 'cluster_not_found'],
    ['empty', 503, 'no healthy upstream', 'UH', 'no_healthy_upstream'],
    [
      'refused',
      503,
      'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: 111',
      'UF',
      'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111}',
    ],
  ] as const
  for (const [host, status, body, flag, details] of cases) {
    const answer = await exchangeRaw(t, proxy.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    const { info } = proxy.logged.at(-1)!
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), body)
    assert.deepEqual(info.responseFlags, [flag])
    assert.equal(info.responseCodeDetails, details)
  }
})

test('a route table that does not compile routes nothing', async (t) => {
  const route = routeOf(CLUSTER)
  const path = { kind: 'regex', value: '(' } as const
  const broken = { ...route, match: { ...route.match, path } }
  const proxy = await httpProxyOnLoopback(t, { clusters: [], routes: routeTableOf({ '*': [broken, BLOCK_ALL] }) })
  assert.match(
    await exchangeRaw(t, proxy.port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`),
    /^HTTP\/1\.1 404 /,
  )
})

test('CONNECT is refused, and so are upgrades to anything but WebSocket', async (t) => {
  const proxy = await proxyTo(t, 1)
  assert.match(
    await exchangeRaw(t, proxy.port, `CONNECT b.example:443 HTTP/1.1\r\n${HOST}\r\n`),
    /^HTTP\/1\.1 405 Method Not Allowed\r\n/,
  )
  const upgrade = `GET / HTTP/1.1\r\n${HOST}Connection: upgrade, close\r\nUpgrade: tcp\r\n\r\n`
  assert.match(await exchangeRaw(t, proxy.port, upgrade), /^HTTP\/1\.1 403 Forbidden\r\n/)
})

test('a WebSocket becomes a tunnel', async (t) => {
  const port = await scriptedUpstream(t, (socket, received) => {
    const text = received()
    if (text.endsWith('\r\n\r\n'))
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi')
    else socket.write(text.slice(text.indexOf('\r\n\r\n') + 4).toUpperCase())
  })
  const proxy = await proxyTo(t, port)
  const socket = await dialLoopback(t, proxy.port)
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString()
  })
  const until = async (text: string) => {
    while (!received.endsWith(text)) await once(socket, 'data')
  }
  socket.write(`GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  await until('hi')
  assert.match(received, /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: websocket\r\nconnection: Upgrade\r\n/)
  socket.write('ping')
  await until('PING')
  socket.end()
  await proxy.untilLogged(1)
  const { info } = proxy.logged[0]!
  assert.equal(info.responseCode, 101)
  assert.equal(info.bytesReceived, 4)
  assert.equal(info.bytesSent, 6)
  assert.deepEqual(info.responseFlags, [])
})

test('a client may speak on before its tunnel is there', { timeout: 10_000 }, async (t) => {
  const port = await scriptedUpstream(t, (socket, received) => {
    if (received().endsWith('\r\n\r\n')) socket.write('HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n')
    else if (received().endsWith('early, late')) socket.write('all')
  })
  const socket = await dialLoopback(t, (await proxyTo(t, port)).port)
  socket.write(`GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly`)
  await once(socket, 'data')
  socket.write(', late')
  for (let said = ''; !said.endsWith('all'); ) said += String((await once(socket, 'data'))[0])
})

test('a client that goes away takes its upstream request with it', async (t) => {
  let upstreamClosed = false
  const port = await originServer(t, (request) => {
    request.socket.on('close', () => {
      upstreamClosed = true
    })
  })
  const proxy = await proxyTo(t, port)
  const socket = await dialLoopback(t, proxy.port)
  socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`)
  while (proxy.env.cluster(CLUSTER)!.circuit.connections === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 30))
  socket.destroy()
  await proxy.untilLogged(1)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['DC'])
  assert.equal(proxy.logged[0]!.info.responseCode, 0)
  while (!upstreamClosed) await new Promise((resolve) => setTimeout(resolve, 5))
})
