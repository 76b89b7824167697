import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Host } from '#proxy/cluster/host.ts'
import { StaticCluster } from '#proxy/cluster/static-cluster.ts'
import { Circuit } from '#proxy/cluster/upstream-cluster.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { deafPort } from '#test/deaf-port.ts'
import { connectionEnv, listenOnLoopback, RecordingReader } from '#test/loopback.ts'
import { clusterOf } from '#test/proxy-config.ts'
import { type Dial, type DialFailure, dial } from './upstream.ts'

type Outcome = { readonly connection: Connection } | { readonly failure: DialFailure }

function clusterWith(fields: Parameters<typeof clusterOf>[1] = {}): StaticCluster {
  return new StaticCluster(clusterOf('c', fields), new Circuit(), Math.random)
}

/** Dials and waits for what comes of it. */
function dialed(t: TestContext, cluster: StaticCluster, host: Host): { attempt: Dial; outcome: Promise<Outcome> } {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const attempt = dial(connectionEnv(t), cluster, host, new StreamInfo(0, 0), {
    onConnected: (connection) => resolve({ connection }),
    onFailed: (failure) => resolve({ failure }),
  })
  return { attempt, outcome: promise }
}

test('a connection counts against the circuit until its socket is gone', async (t) => {
  const { port } = await listenOnLoopback(t)
  const cluster = clusterWith({ maxConnections: 1 })
  const first = await dialed(t, cluster, new Host('127.0.0.1', port)).outcome
  assert.ok('connection' in first)
  assert.equal(cluster.circuit.connections, 1)
  const second = await dialed(t, cluster, new Host('127.0.0.1', port)).outcome
  assert.deepEqual(second, { failure: { flag: 'UO', transportFailureReason: '', timedOut: false } })
  const reader = new RecordingReader()
  first.connection.setReader(reader)
  first.connection.destroy()
  await reader.until(() => reader.closes.length > 0)
  assert.equal(cluster.circuit.connections, 0)
  const third = await dialed(t, cluster, new Host('127.0.0.1', port)).outcome
  assert.ok('connection' in third)
  third.connection.destroy()
})

test('a connect that is neither taken nor refused fails after the connect timeout', async (t) => {
  const cluster = clusterWith({ connectTimeoutMs: 100 })
  const outcome = await dialed(t, cluster, new Host('127.0.0.1', await deafPort(t))).outcome
  assert.deepEqual(outcome, { failure: { flag: 'UF', transportFailureReason: '', timedOut: true } })
  assert.equal(cluster.circuit.connections, 0)
})

test('a cancelled dial calls nobody and gives its place back', async (t) => {
  const cluster = clusterWith()
  const { attempt, outcome } = dialed(t, cluster, new Host('127.0.0.1', await deafPort(t)))
  attempt.cancel()
  let called = false
  void outcome.then(() => {
    called = true
  })
  while (cluster.circuit.connections > 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(called, false)
})

test('port 0 is a Unix socket', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-upstream-'))
  const path = join(folder, 'app.sock')
  const server = createServer((socket) => socket.end('from the socket')).listen(path)
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  const outcome = await dialed(t, clusterWith(), new Host(path, 0)).outcome
  assert.ok('connection' in outcome)
  const reader = new RecordingReader()
  outcome.connection.setReader(reader)
  await reader.until(() => reader.ended)
  assert.equal(reader.bytes.toString(), 'from the socket')
  outcome.connection.destroy(true)
})
