import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dialLoopback, readAll } from '#test/loopback.ts'
import { clusterOf, endpointOf, proxyConfigOf } from '#test/proxy-config.ts'
import { ask, bodyOf, OK, proxyTo, upstream } from '#test/scripted-origin.ts'

test('kept connections that turn out to be dead are replaced, unseen by the client, but not for POST', async (t) => {
  const origin = await upstream(t, [OK, undefined, OK, undefined])
  const proxy = await proxyTo(t, [origin.port])
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(origin.requests.length, 3)
  assert.match(await ask(t, proxy.port, 'POST', 'x'), /^HTTP\/1\.1 503 /)
  assert.equal(origin.requests.length, 4)
})

test('of several kept connections that are all dead, none costs the client its answer', async (t) => {
  let first: Socket | undefined
  const origin = await upstream(t, [
    (socket) => {
      first = socket
    },
    (socket) => {
      first!.write(OK)
      socket.write(OK)
    },
    undefined,
    undefined,
    OK,
  ])
  const proxy = await proxyTo(t, [origin.port])
  await Promise.all([ask(t, proxy.port), ask(t, proxy.port)])
  assert.equal(origin.connections(), 2)
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(origin.requests.length, 5)
  assert.equal(origin.connections(), 3)
})

test('a connection on which more came than was asked for serves nobody else', async (t) => {
  const origin = await upstream(t, [`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`, OK])
  const proxy = await proxyTo(t, [origin.port])
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(origin.connections(), 2)
})

test('bytes that come on an idle connection close it', async (t) => {
  let idle: Socket | undefined
  const origin = await upstream(t, [
    (socket) => {
      idle = socket
      socket.write(OK)
    },
  ])
  const proxy = await proxyTo(t, [origin.port])
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  idle!.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged')
  await once(idle!, 'close')
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  assert.equal(origin.connections(), 2)
})

test('an idle upstream connection is closed before the server said that it would close it', async (t) => {
  let idle: Socket | undefined
  const origin = await upstream(t, [
    (socket) => {
      idle = socket
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\nok')
    },
  ])
  const proxy = await proxyTo(t, [origin.port])
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  await once(idle!, 'end')
})

test('a cluster that is replaced closes what idles, and requests under way go on', async (t) => {
  let slow: Socket | undefined
  const origin = await upstream(t, [
    (socket) => {
      slow = socket
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab')
    },
  ])
  const other = await upstream(t, [OK])
  const proxy = await proxyTo(t, [origin.port])
  const answer = ask(t, proxy.port)
  while (slow === undefined) await sleep(5)
  proxy.apply(proxyConfigOf([], [clusterOf('c', { endpoints: [endpointOf('127.0.0.1', other.port)] })], 'v2'))
  assert.equal(bodyOf(await ask(t, proxy.port)), 'ok')
  slow.write('cd')
  assert.equal(bodyOf(await answer), 'abcd')
  if (!slow.readableEnded) await once(slow, 'end')
})

test('a proxy that begins to drain closes idle connections', async (t) => {
  const origin = await upstream(t, [OK])
  const proxy = await proxyTo(t, [origin.port])
  const socket = await dialLoopback(t, proxy.port)
  const answer = readAll(socket)
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
  await proxy.untilLogged(1)
  proxy.drain()
  assert.equal(bodyOf((await answer).toString()), 'ok')
})
