import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { type ClientHttp2Session, connect, constants, createServer, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Cluster } from '#proxy/config/model.ts'
import { http2Frame } from '#proxy/denial/refusal-bytes.ts'
import { BLOCK_ALL, httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { dialLoopback, readAll } from '#test/loopback.ts'
import { clusterOf, endpointOf } from '#test/proxy-config.ts'

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function http2Origin(
  t: TestContext,
  serve: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
): Promise<number> {
  const server = createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    serve(stream, headers)
  })
  server.on('session', (session) => t.after(() => session.destroy()))
  return await listen(t, server)
}

async function proxyTo(t: TestContext, port: number, httpProtocol: Cluster['httpProtocol']) {
  const cluster = clusterOf('c', { endpoints: [endpointOf('127.0.0.1', port)], httpProtocol })
  return await httpProxyOnLoopback(t, {
    clusters: [cluster],
    routes: routeTableOf({ '*': [routeOf('c')], 'blocked.example': [BLOCK_ALL] }),
  })
}

function dialHttp2(t: TestContext, port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  return session
}

async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
  trailers?: Record<string, string>,
) {
  const stream = session.request(
    { ':authority': 'a.example', ...headers },
    { endStream: body === undefined, waitForTrailers: trailers !== undefined },
  )
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}))
  if (body !== undefined) stream.end(body)
  let responseTrailers: Record<string, unknown> = {}
  stream.on('trailers', (received) => {
    responseTrailers = received
  })
  const [response] = await once(stream, 'response')
  let text = ''
  for await (const piece of stream) text += piece
  return { headers: response as Record<string, unknown>, text, trailers: responseTrailers }
}

test('a gRPC call passes with its body and trailers, HTTP/2 on both sides', async (t) => {
  const seen: Record<string, unknown>[] = []
  const port = await http2Origin(t, (stream, headers) => {
    seen.push(headers)
    let body = ''
    stream.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    stream.on('trailers', (trailers) => seen.push(trailers))
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }))
      stream.end(`echo ${body}`)
    })
  })
  const proxy = await proxyTo(t, port, 'http2')
  const session = dialHttp2(t, proxy.port)
  const headers = {
    ':method': 'POST',
    ':path': '/pkg.Service/Call',
    'content-type': 'application/grpc',
    te: 'trailers',
  }
  const answer = await ask(session, headers, 'hello', { 'x-up': '1' })
  assert.equal(answer.text, 'echo hello')
  assert.equal(answer.headers.server, 'envoy')
  assert.equal(answer.trailers['grpc-status'], '0')
  assert.equal(answer.trailers['grpc-message'], 'fine')
  assert.equal(seen[0]!.te, 'trailers')
  assert.equal(seen[0]![':authority'], 'a.example')
  assert.equal(seen[0]!['x-envoy-attempt-count'], '1')
  assert.equal(seen[1]!['x-up'], '1')
  await proxy.untilLogged(1)
  const { info, request } = proxy.logged[0]!
  assert.equal(info.protocol, 'HTTP/2')
  assert.equal(info.bytesReceived, 5)
  assert.equal(info.bytesSent, 10)
  assert.equal(info.upstreamHost.port, port)
  assert.equal(seen[0]!['x-request-id'], request('x-request-id'))
})

test('a gRPC answer without a body keeps its status where it is', async (t) => {
  const port = await http2Origin(t, (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true })
  })
  const proxy = await proxyTo(t, port, 'downstream')
  const answer = await ask(
    dialHttp2(t, proxy.port),
    { ':method': 'POST', ':path': '/x', 'content-type': 'application/grpc' },
    'q',
  )
  assert.equal(answer.headers['grpc-status'], '5')
  assert.deepEqual(answer.trailers, {})
})

test('HTTP/2 clients reach HTTP/1.1 servers, on one connection for many requests', async (t) => {
  const port = await listen(
    t,
    createHttp1Server(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      response
        .setHeader('x-cookie', String(request.headers.cookie))
        .end(`${request.headers.host}${request.url} ${body}`)
    }),
  )
  const proxy = await proxyTo(t, port, 'http1')
  const session = dialHttp2(t, proxy.port)
  const paths = ['/1', '/2', '/3', '/4', '/5']
  const answers = await Promise.all(
    paths.map((path) => ask(session, { ':method': 'POST', ':path': path, cookie: 'a=b; c=d' }, 'body')),
  )
  assert.deepEqual(
    answers.map((answer) => answer.text),
    paths.map((path) => `a.example${path} body`),
  )
  assert.equal(answers[0]!.headers['x-cookie'], 'a=b; c=d')
  assert.equal(answers[0]!.headers.connection, undefined)
})

test('HTTP/1.1 clients reach HTTP/2 servers', async (t) => {
  const port = await http2Origin(t, (stream, headers) => {
    stream.respond({ ':status': 200, 'x-path': String(headers[':path']) })
    stream.end('over http2')
  })
  const proxy = await proxyTo(t, port, 'http2')
  for (const path of ['/a', '/b']) {
    const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`)
    assert.equal(answer.headers.get('x-path'), path)
    assert.equal(await answer.text(), 'over http2')
  }
})

test('fields that should stand once, and stand twice, pass from HTTP/1.1 to HTTP/2 both ways', async (t) => {
  const origin1 = await listen(
    t,
    createHttp1Server((_request, response) => {
      response.writeHead(200, ['Date', 'x', 'X-Content-Type-Options', 'nosniff', 'X-Content-Type-Options', 'nosniff'])
      response.end('both')
    }),
  )
  const proxy1 = await proxyTo(t, origin1, 'http1')
  const answer = await ask(dialHttp2(t, proxy1.port), { ':method': 'GET', ':path': '/' })
  assert.equal(answer.text, 'both')

  const origin2 = await http2Origin(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('both')
  })
  const proxy2 = await proxyTo(t, origin2, 'http2')
  const socket = await dialLoopback(t, proxy2.port)
  const received = readAll(socket)
  const twice = 'User-Agent: a\r\nUser-Agent: b\r\n'
  socket.write(`GET / HTTP/1.1\r\nHost: a.example\r\n${twice}Connection: close\r\n\r\n`)
  assert.match((await received).toString(), /^HTTP\/1\.1 200 OK\r\n/)
})

test('a large body passes whole over HTTP/2', async (t) => {
  const port = await http2Origin(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  const proxy = await proxyTo(t, port, 'http2')
  const body = 'abcdefghij'.repeat(300_000)
  const answer = await ask(dialHttp2(t, proxy.port), { ':method': 'POST', ':path': '/' }, body)
  assert.equal(answer.text === body, true)
})

test('a stream that the server refuses or resets is told as such', async (t) => {
  const port = await http2Origin(t, (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))
  const proxy = await proxyTo(t, port, 'http2')
  const answer = await ask(dialHttp2(t, proxy.port), { ':method': 'GET', ':path': '/' })
  assert.equal(answer.headers[':status'], 503)
  assert.match(answer.text, /reset reason: remote refused stream reset$/)
})

test('a response that the server breaks off without an error is not passed as whole', async (t) => {
  const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4]
  const settings = [http2Frame(SETTINGS, 0, 0, Buffer.alloc(0)), http2Frame(SETTINGS, 1, 0, Buffer.alloc(0))]
  const answer = [http2Frame(HEADERS, 4, 1, Buffer.of(0x88)), http2Frame(DATA, 0, 1, Buffer.from('half'))]
  const port = await listen(
    t,
    createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write(Buffer.concat([...settings, ...answer])))
      // NO_ERROR, as who wants no more of a request says.
      setTimeout(() => socket.write(http2Frame(RST_STREAM, 0, 1, Buffer.alloc(4))), 30)
      t.after(() => socket.destroy())
    }),
  )
  // The second one's body waits for a window that nobody opens.
  const requests = ['GET / HTTP/1.1\r\n', `POST / HTTP/1.1\r\nContent-Length: 200000\r\n`]
  for (const [i, request] of requests.entries()) {
    const proxy = await proxyTo(t, port, 'http2')
    const socket = await dialLoopback(t, proxy.port)
    const received = readAll(socket)
    socket.write(`${request}Host: a.example\r\n\r\n${'x'.repeat(i * 100_000)}`)
    const text = (await received).toString()
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(text, /\r\n4\r\nhalf\r\n$/)
    assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['UR'])
  }
})

test('a blocked host is a denial over HTTP/2 too, and for gRPC in its own terms', async (t) => {
  const proxy = await proxyTo(t, 1, 'http2')
  const session = dialHttp2(t, proxy.port)
  const plain = await ask(session, { ':method': 'GET', ':path': '/', ':authority': 'blocked.example' })
  assert.equal(plain.headers[':status'], 502)
  assert.equal(plain.headers['x-postern-denied'], 'no_service_entry')
  assert.match(plain.text, /^denied blocked\.example/)
  const grpc = await ask(
    session,
    { ':method': 'POST', ':path': '/', ':authority': 'blocked.example', 'content-type': 'application/grpc' },
    'q',
  )
  assert.equal(grpc.headers[':status'], 200)
  assert.equal(grpc.headers['grpc-status'], '14')
  assert.equal(grpc.headers['grpc-message'], `denied blocked.example (127.0.0.1:${proxy.port})`)
  assert.equal(grpc.headers['content-type'], 'application/grpc')
  assert.equal(grpc.headers['x-postern-denied'], 'no_service_entry')
})

test('a client that cancels a stream takes the upstream stream with it', async (t) => {
  let cancelled = false
  const port = await http2Origin(t, (stream) => {
    stream.on('close', () => {
      cancelled = true
    })
    stream.respond({ ':status': 200 })
    stream.write('x')
  })
  const proxy = await proxyTo(t, port, 'http2')
  const stream = dialHttp2(t, proxy.port).request({ ':path': '/', ':authority': 'a.example' })
  await once(stream, 'data')
  stream.close(constants.NGHTTP2_CANCEL)
  await proxy.untilLogged(1)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['DC'])
  while (!cancelled) await new Promise((resolve) => setTimeout(resolve, 5))
})
