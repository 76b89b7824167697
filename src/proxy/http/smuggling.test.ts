import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { dialLoopback, readAll } from '#test/loopback.ts'
import { clusterOf, endpointOf } from '#test/proxy-config.ts'

const HOST = 'Host: a.example\r\n'
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`

/** Ways to hide a request in another one's body; each is sent with a second, honest request behind it. */
const ATTEMPTS: readonly (readonly [name: string, bytes: string])[] = [
  [
    'CL.TE',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: ${5 + SMUGGLED.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  [
    'TE.CL',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
  [
    'TE.TE',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  ['CL.0 on GET', `GET / HTTP/1.1\r\n${HOST}Content-Length: 0, ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  [
    'two lengths',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  ['a space before the colon', `POST / HTTP/1.1\r\n${HOST}Content-Length : ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['a folded coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF in a value', `POST / HTTP/1.1\r\n${HOST}X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  [
    'a chunk size that wraps',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n${SMUGGLED}`,
  ],
  [
    'a chunk extension with LF',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a Connection field that takes the length away',
    `POST / HTTP/1.1\r\n${HOST}Connection: Content-Length\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  [
    'an upgrade that is none',
    `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  [
    'trailers that set a length',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`,
  ],
]

/** A proxy before a server of Node's own, and what that server saw. */
async function proxyAndServer(t: Parameters<typeof httpProxyOnLoopback>[0]) {
  const seen: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    seen.push(`${request.method} ${request.url}`)
    let length = 0
    request.on('error', () => {})
    request.on('data', (piece: Buffer) => {
      length += piece.length
    })
    request.on('end', () => response.end(String(length)))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A connection that the proxy resets when its client is gone is not a malformed request.
    if (error.code?.startsWith('HPE_')) seen.push(`malformed: ${error.message}`)
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const proxy = await httpProxyOnLoopback(t, {
    clusters: [clusterOf('c', { endpoints: [endpointOf('127.0.0.1', port)] })],
    routes: routeTableOf({ '*': [routeOf('c')] }),
    manager: { streamIdleTimeoutMs: 100, idleTimeoutMs: 100 },
  })
  return { proxy, seen }
}

for (const [name, bytes] of ATTEMPTS) {
  test(`no request is smuggled by ${name}`, async (t) => {
    const { proxy, seen } = await proxyAndServer(t)
    const socket = await dialLoopback(t, proxy.port)
    const answer = readAll(socket)
    socket.write(Buffer.from(`${bytes}GET /honest HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, 'latin1'))
    await answer
    assert.deepEqual(
      seen.filter((request) => request.includes('smuggled') || request.includes('malformed')),
      [],
    )
  })
}

/** As many of `wanted` as occur in `all`, in its order. */
function inOrder(wanted: readonly string[], all: readonly string[]): string[] {
  let next = 0
  return wanted.filter((each) => {
    const at = all.indexOf(each, next)
    if (at === -1) return false
    next = at + 1
    return true
  })
}

test('a server sees no request but those that the proxy logged as forwarded, whatever a client sends', async (t) => {
  const { proxy, seen } = await proxyAndServer(t)
  const fragment = fc.constantFrom(
    'GET /a HTTP/1.1\r\n',
    'POST /b HTTP/1.1\r\n',
    'HEAD /c HTTP/1.0\r\n',
    HOST,
    HOST,
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: identity\r\n',
    'Connection: keep-alive\r\n',
    'Connection: transfer-encoding\r\n',
    '\r\n',
    '\r\n',
    'hello',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    '0\r\nHost: x\r\n\r\n',
    ' ',
    '\n',
    '\r',
    'x',
    SMUGGLED,
    'Expect: 100-continue\r\n',
    'TE: chunked\r\n',
  )
  const honest = fc.constantFrom(
    `GET /g HTTP/1.1\r\n${HOST}\r\n`,
    `POST /l HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
    `POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HOST}\r\n5;x=y\r\nhello\r\n0\r\n\r\n`,
    `GET /o HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
  )
  const parts = fc.array(fc.oneof({ weight: 2, arbitrary: honest }, { weight: 3, arbitrary: fragment }), {
    minLength: 1,
    maxLength: 12,
  })
  let compared = 0
  await fc.assert(
    fc.asyncProperty(parts, async (fragments) => {
      seen.length = 0
      const before = proxy.logged.length
      const socket = await dialLoopback(t, proxy.port)
      const answer = readAll(socket)
      socket.write(Buffer.from(fragments.join(''), 'latin1'))
      await answer
      socket.destroy()
      const forwarded = proxy.logged.slice(before).filter(({ info }) => info.upstreamCluster !== '')
      // A request that idled away may not have reached the server; one that nobody logged must not.
      const logged = forwarded.map(({ info }) => `${info.method} ${info.path}`)
      assert.deepEqual(inOrder(seen, logged), seen)
      compared += seen.length
    }),
    { numRuns: 150 },
  )
  assert.ok(compared > 50, `only ${compared} requests were compared`)
})
