import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RetryPolicy } from '#proxy/config/model.ts'
import { httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { dialLoopback, listenOnLoopback, readAll } from '#test/loopback.ts'
import { clusterOf } from '#test/proxy-config.ts'
import { ask, bodyOf, OK, proxyTo, upstream } from '#test/scripted-origin.ts'

function retryOn(conditions: string, fields: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    retryOn: new Set(conditions.split(',')),
    retriableStatusCodes: [],
    numRetries: 2,
    perTryTimeoutMs: 0,
    ...fields,
  }
}

test('a response that the policy names is tried again, with its body and a higher attempt count', async (t) => {
  const origin = await upstream(t, ['HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy', OK])
  const proxy = await proxyTo(t, [origin.port], { action: { retry: retryOn('5xx') } })
  assert.equal(bodyOf(await ask(t, proxy.port, 'POST', 'hello')), 'ok')
  assert.equal(origin.requests.length, 2)
  assert.match(origin.requests[0]!, /x-envoy-attempt-count: 1\r\n\r\nhello$/)
  assert.match(origin.requests[1]!, /x-envoy-attempt-count: 2\r\n\r\nhello$/)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, [])
})

test("an upstream's time is never more than the whole request's", async (t) => {
  const origin = await upstream(t, [OK])
  const proxy = await proxyTo(t, [origin.port])
  for (let i = 0; i < 60; i++) await ask(t, proxy.port)
  await proxy.untilLogged(60)
  for (const { info } of proxy.logged) assert.ok(info.upstreamServiceTimeMs <= info.endMs - info.startMs)
})

test('when retries run out the last response is passed on, with the flag URX', async (t) => {
  const origin = await upstream(t, ['HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy'])
  const proxy = await proxyTo(t, [origin.port], {
    action: { retry: retryOn('retriable-status-codes', { retriableStatusCodes: [503] }) },
  })
  assert.equal(bodyOf(await ask(t, proxy.port)), 'busy')
  assert.equal(origin.requests.length, 3)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['URX'])
})

test("a 503 of the upstream is not tried again under Istio's default policy", async (t) => {
  const origin = await upstream(t, ['HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'])
  const retry = retryOn('connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes')
  const proxy = await proxyTo(t, [origin.port], { action: { retry } })
  assert.match(await ask(t, proxy.port), /^HTTP\/1\.1 503 No\r\n/)
  assert.equal(origin.requests.length, 1)
})

test('a refused connection is tried again on the next host, and told with UF and URX when none is left', async (t) => {
  const origin = await upstream(t, [OK])
  const { server, port: refused } = await listenOnLoopback(t)
  server.close()
  const retry = retryOn('connect-failure')
  const good = await proxyTo(t, [refused, origin.port], { action: { retry } })
  for (let i = 0; i < 4; i++) assert.equal(bodyOf(await ask(t, good.port)), 'ok')
  const bad = await proxyTo(t, [refused], { action: { retry } })
  assert.match(await ask(t, bad.port, 'POST', 'x'), /retried and the latest reset reason: remote connection failure/)
  assert.deepEqual(bad.logged[0]!.info.responseFlags, ['UF', 'URX'])
  assert.equal(bad.env.cluster('c')!.circuit.requests, 0)
})

test('an upstream that closes without a word is 503 UC, one that talks nonsense 502 UPE', async (t) => {
  const silent = await proxyTo(t, [(await upstream(t, [undefined])).port])
  assert.match(await ask(t, silent.port), /^HTTP\/1\.1 503 .*reset reason: connection termination$/s)
  assert.deepEqual(silent.logged[0]!.info.responseFlags, ['UC'])
  const mad = await proxyTo(t, [(await upstream(t, ['220 mail.example ESMTP\r\n'])).port])
  assert.match(await ask(t, mad.port), /^HTTP\/1\.1 502 .*reset reason: protocol error$/s)
  assert.deepEqual(mad.logged[0]!.info.responseFlags, ['UPE'])
})

test('a route timeout answers 504 UT, and stops the upstream request', async (t) => {
  const origin = await upstream(t, [() => {}])
  const proxy = await proxyTo(t, [origin.port], { action: { timeoutMs: 30 } })
  assert.match(await ask(t, proxy.port), /^HTTP\/1\.1 504 .*\r\n\r\nupstream request timeout$/s)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['UT'])
  assert.equal(proxy.logged[0]!.info.responseCodeDetails, 'response_timeout')
  assert.match(origin.requests[0]!, /x-envoy-expected-rq-timeout-ms: 30\r\n/)
})

test('a response that has begun and takes longer than the route allows is cut off, and logged as UT', async (t) => {
  const origin = await upstream(t, ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'])
  const proxy = await proxyTo(t, [origin.port], { action: { timeoutMs: 60 } })
  assert.equal(bodyOf(await ask(t, proxy.port)), 'half')
  const { info } = proxy.logged[0]!
  assert.deepEqual([info.responseCode, info.responseFlags, info.responseCodeDetails], [200, ['UT'], 'response_timeout'])
})

test('a try that takes too long is given up for another one', async (t) => {
  const origin = await upstream(t, [() => {}, OK])
  const proxy = await proxyTo(t, [origin.port], { action: { retry: retryOn('5xx', { perTryTimeoutMs: 30 }) } })
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(origin.requests.length, 2)
})

test('a stream on which nothing moves is ended', async (t) => {
  const origin = await upstream(t, [
    () => {},
    (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'),
  ])
  const proxy = await proxyTo(t, [origin.port], { manager: { streamIdleTimeoutMs: 50 } })
  assert.match(await ask(t, proxy.port), /^HTTP\/1\.1 504 .*stream timeout$/s)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['SI'])
  const cut = await ask(t, proxy.port)
  assert.equal(bodyOf(cut), 'ab')
  assert.equal(proxy.logged[1]!.info.responseCodeDetails, 'stream_idle_timeout')
})

test('a request whose head stops half-way is given up: 408', async (t) => {
  const proxy = await proxyTo(t, [1], { manager: { streamIdleTimeoutMs: 50 } })
  const socket = await dialLoopback(t, proxy.port)
  const answer = readAll(socket)
  socket.write('GET / HTTP/1.1\r\nHost:')
  assert.match((await answer).toString(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
})

test('an idle connection is closed after the idle timeout', async (t) => {
  const proxy = await proxyTo(t, [(await upstream(t, [OK])).port], {
    manager: { idleTimeoutMs: 100, streamIdleTimeoutMs: 50 },
  })
  const socket = await dialLoopback(t, proxy.port)
  const answer = readAll(socket)
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
  assert.equal(bodyOf((await answer).toString()), 'ok')
})

test('a path and a host are rewritten as the route says, and the path as it was is passed on', async (t) => {
  const origin = await upstream(t, [OK])
  const proxy = await proxyTo(t, [origin.port], { action: { prefixRewrite: '/v2/', hostRewrite: 'b.example' } })
  const socket = await dialLoopback(t, proxy.port)
  const answer = readAll(socket)
  socket.write('GET /x?y HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')
  await answer
  assert.match(
    origin.requests[0]!,
    /^GET \/v2\/x\?y HTTP\/1\.1\r\nHost: b\.example\r\n.*x-envoy-original-path: \/x\?y\r\n/s,
  )
  assert.equal(origin.requests[0]!.match(/host:/gi)?.length, 1)
  assert.equal(proxy.logged[0]!.info.path, '/x?y')
  assert.equal(proxy.logged[0]!.request('x-envoy-original-path'), '/x?y')
})

test('an application may ask for retries and timeouts of its own', async (t) => {
  const busy = await upstream(t, ['HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', OK])
  const proxy = await proxyTo(t, [busy.port])
  const lines = 'x-envoy-retry-on: 5xx\r\nX-Envoy-Max-Retries: 3\r\n'
  assert.equal(bodyOf(await ask(t, proxy.port, 'GET', '', lines)), 'ok')
  assert.doesNotMatch(busy.requests.join(), /x-envoy-retry-on|max-retries/i)
  const slow = await proxyTo(t, [(await upstream(t, [() => {}])).port])
  assert.match(await ask(t, slow.port, 'GET', '', 'x-envoy-upstream-rq-timeout-ms: 20\r\n'), /^HTTP\/1\.1 504 /)
})

test('a redirect is answered by the proxy', async (t) => {
  const route = routeOf('c')
  const action = { kind: 'redirect', status: 308, host: 'b.example', path: undefined, scheme: 'https' } as const
  const proxy = await httpProxyOnLoopback(t, { clusters: [], routes: routeTableOf({ '*': [{ ...route, action }] }) })
  assert.match(
    await ask(t, proxy.port),
    /^HTTP\/1\.1 308 Permanent Redirect\r\n.*location: https:\/\/b\.example\/\r\n/s,
  )
})

test('a response that breaks off is cut off for the client too', async (t) => {
  const origin = await upstream(t, [
    (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
  ])
  const proxy = await proxyTo(t, [origin.port])
  const answer = await ask(t, proxy.port)
  assert.equal(bodyOf(answer), '3\r\nabc\r\n')
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['UC'])
})

test('the circuit breaker refuses what is too much: 503 UO', async (t) => {
  const waiting: Socket[] = []
  const origin = await upstream(t, [(socket) => void waiting.push(socket)])
  const proxy = await proxyTo(t, [origin.port], { cluster: { maxConnections: 1, maxPendingRequests: 1 } })
  const first = ask(t, proxy.port)
  while (waiting.length === 0) await sleep(5)
  const second = ask(t, proxy.port)
  while (proxy.env.cluster('c')!.circuit.pendingRequests === 0) await sleep(5)
  const third = await ask(t, proxy.port)
  assert.match(third, /^HTTP\/1\.1 503 .*x-envoy-overloaded: true\r\n.*reset reason: overflow$/s)
  assert.deepEqual(proxy.logged[0]!.info.responseFlags, ['UO'])
  waiting[0]!.write(OK)
  assert.equal(bodyOf(await first), 'ok')
  while (waiting.length === 1) await sleep(5)
  waiting[1]!.write(OK)
  assert.equal(bodyOf(await second), 'ok')
  assert.equal(origin.connections(), 1)
})

test('who waits behind a dial that fails is not forgotten', async (t) => {
  const { server, port } = await listenOnLoopback(t)
  server.close()
  const proxy = await proxyTo(t, [port], { cluster: { maxConnections: 1 } })
  const answers = await Promise.all([ask(t, proxy.port), ask(t, proxy.port), ask(t, proxy.port)])
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 503 /)
})

test('more requests at once than the circuit breaker allows are refused', async (t) => {
  const waiting: Socket[] = []
  const origin = await upstream(t, [(socket) => void waiting.push(socket)])
  const proxy = await proxyTo(t, [origin.port], { cluster: { maxRequests: 1 } })
  const first = ask(t, proxy.port)
  while (waiting.length === 0) await sleep(5)
  assert.match(await ask(t, proxy.port), /^HTTP\/1\.1 503 .*overflow$/s)
  waiting[0]!.write(OK)
  assert.equal(bodyOf(await first), 'ok')
})

test('what an ORIGINAL_DST cluster will not dial is denied, on the record', async (t) => {
  const origin = await upstream(t, [OK])
  const proxy = await httpProxyOnLoopback(t, {
    clusters: [clusterOf('PassthroughCluster', { type: 'ORIGINAL_DST', lbPolicy: 'CLUSTER_PROVIDED' })],
    routes: routeTableOf({ '*': [routeOf('PassthroughCluster', {}, 'allow_any')] }),
    originalDst: { address: '127.0.0.1', port: origin.port },
  })
  assert.match(await ask(t, proxy.port), /^HTTP\/1\.1 502 .*\r\nx-postern-denied: /s)
  assert.equal(origin.connections(), 0)
  const { info } = proxy.logged[0]!
  assert.deepEqual([info.deniedReason, info.responseFlags], ['no_service_entry', ['UH']])
})

test('a draining proxy answers and closes', async (t) => {
  const origin = await upstream(t, [OK])
  const proxy = await proxyTo(t, [origin.port])
  proxy.drain()
  const socket = await dialLoopback(t, proxy.port)
  const answer = readAll(socket)
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
  assert.match((await answer).toString(), /\r\nconnection: close\r\n/)
})

test('a client that does not read makes the upstream wait', async (t) => {
  let sent = 0
  const origin = await upstream(t, [
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
      const chunk = Buffer.alloc(100_000)
      const more = () => {
        while (sent < 100_000_000) {
          sent += chunk.length
          if (!socket.write(chunk)) return
        }
      }
      socket.on('drain', more)
      more()
    },
  ])
  const proxy = await proxyTo(t, [origin.port])
  const socket = await dialLoopback(t, proxy.port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
  let before = -1
  while (before !== sent || sent === 0) {
    before = sent
    await sleep(100)
  }
  assert.ok(sent < 50_000_000, `${sent} bytes were taken in for a client that read none`)
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  socket.resume()
  while (received < 100_000_000) await once(socket, 'data')
})
