import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RetryPolicy } from '#proxy/config/model.ts'
import { httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { dialLoopback, listenOnLoopback } from '#test/loopback.ts'
import { clusterOf, endpointOf } from '#test/proxy-config.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'

/** What a server may do with whatever it was just sent. */
const SERVERS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.write(OK),
  (socket) => socket.write(OK),
  (socket) => socket.write(`${CHUNKED}0\r\n\r\n`),
  (socket) => socket.end(OK),
  (socket) => socket.end(CHUNKED),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.destroy(),
  (socket) => socket.write('nonsense\r\n\r\n'),
  (socket) => socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'),
  (socket) => socket.write(`${OK}surplus`),
  (socket) => void setTimeout(() => socket.write(OK), 5),
]

const POST = 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\n'
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'

/** What a client may do on one connection. */
const CLIENTS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.write(GET + GET + GET),
  (socket) => socket.write(`${POST}hello${GET}`),
  (socket) => socket.write(`${POST}hel`),
  (socket) => socket.end(GET),
  (socket) => socket.write('GET / HTTP/1.1\r\nHo'),
  (socket) => socket.write(`${GET}nonsense\r\n\r\n`),
  (socket) =>
    socket.write('POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n'),
  (socket) => void setTimeout(() => socket.resetAndDestroy(), 2),
  (socket) => {
    socket.write(GET)
    setTimeout(() => socket.destroy(), 1)
  },
]

function pick<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)]!
}

test('whatever clients and servers do to each other, nothing stays counted, and every request is logged once', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => {
    socket.on('data', () => {
      if (!socket.destroyed) pick(SERVERS)(socket)
    })
    socket.on('end', () => socket.end())
  })
  const retry: RetryPolicy = {
    retryOn: new Set(['5xx', 'reset']),
    retriableStatusCodes: [],
    numRetries: 1,
    perTryTimeoutMs: 20,
  }
  const cluster = clusterOf('c', {
    endpoints: [endpointOf('127.0.0.1', port)],
    maxConnections: 8,
    maxPendingRequests: 4,
  })
  const proxy = await httpProxyOnLoopback(t, {
    clusters: [cluster],
    routes: routeTableOf({ '*': [routeOf('c', { retry, timeoutMs: 200 })] }),
    manager: { streamIdleTimeoutMs: 300, idleTimeoutMs: 300 },
  })
  // On a machine that has much else to do, clients leave before they are heard: it takes more of them.
  for (let round = 0; round < 30 || (proxy.logged.length <= 300 && round < 300); round++) {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => dialLoopback(t, proxy.port)))
    for (const socket of sockets) pick(CLIENTS)(socket.resume())
    await sleep(10)
    for (const socket of sockets) if (Math.random() < 0.5) socket.destroy()
  }
  const { circuit } = proxy.env.cluster('c')!
  const destination = { address: '127.0.0.1', port: 1 }
  for (let i = 0; i < 200 && (circuit.requests > 0 || circuit.pendingRequests > 0); i++) await sleep(10)
  assert.deepEqual([circuit.requests, circuit.pendingRequests], [0, 0])
  const choice = proxy.env.cluster('c')!.pickHost(destination)
  assert.equal(choice.kind === 'host' ? choice.host.active : undefined, 0)
  assert.ok(circuit.connections <= 8)
  assert.ok(proxy.logged.length > 300, `only ${proxy.logged.length} requests were logged`)
  assert.equal(new Set(proxy.logged.map(({ info }) => info)).size, proxy.logged.length)
})
