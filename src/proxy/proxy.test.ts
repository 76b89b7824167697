import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BLACK_HOLE_CLUSTER, type FilterChain } from '#proxy/config/model.ts'
import { clientHello, inRecords, serverNameExtension } from '#test/client-hello.ts'
import { deafPort } from '#test/deaf-port.ts'
import { closeOf, listenOnLoopback, readAll } from '#test/loopback.ts'
import { clusterOf, endpointOf, listenerOf, proxyConfigOf, tcpChainOf } from '#test/proxy-config.ts'
import { leadingTo, ProxyRig, staticCluster } from '#test/proxy-rig.ts'

/** A listening port that is closed again: connections to it are refused. */
async function refusingPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('a server that speaks first is heard, and bytes, addresses and durations are logged at the close', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => {
    socket.write('greeting ')
    socket.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end())
  })
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const client = await rig.dial()
  const { localPort } = client
  const [greeting] = await once(client, 'data')
  assert.equal(greeting.toString(), 'greeting ')
  const received = readAll(client)
  client.end('ping')
  assert.equal((await received).toString(), 'ping')
  await rig.untilLogged(1)
  const [info] = rig.logged
  assert.equal(info?.bytesReceived, 4)
  assert.equal(info?.bytesSent, 13)
  assert.deepEqual(info?.responseFlags, [])
  assert.equal(info?.upstreamCluster, 'outbound|3306||db')
  assert.deepEqual([info?.upstreamHost.address, info?.upstreamHost.port], ['127.0.0.1', port])
  assert.deepEqual([info?.downstreamLocal.address, info?.downstreamLocal.port], ['192.0.2.1', 443])
  assert.deepEqual([info?.downstreamRemote.address, info?.downstreamRemote.port], ['127.0.0.1', localPort])
  assert.equal(info?.upstreamLocal.address, '127.0.0.1')
  assert.ok((info?.upstreamLocal.port ?? 0) > 0)
  assert.ok((info?.endMs ?? 0) >= (info?.startMs ?? 1))
})

test('64 MB pass in both directions at once, intact, through slow readers', async (t) => {
  const payload = randomBytes(32 * 1024 * 1024)
  const digest = createHash('sha256').update(payload).digest('hex')
  const upstreamSaw = Promise.withResolvers<string>()
  const { port } = await listenOnLoopback(t, (socket) => {
    void slowDigest(socket).then(upstreamSaw.resolve)
    socket.end(payload)
  })
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const client = await rig.dial()
  const clientSaw = slowDigest(client)
  client.end(payload)
  assert.equal(await clientSaw, digest)
  assert.equal(await upstreamSaw.promise, digest)
  await rig.untilLogged(1)
  assert.equal(rig.logged[0]?.bytesSent, payload.length)
  assert.equal(rig.logged[0]?.bytesReceived, payload.length)
})

/** Reads everything with a pause now and then, so that the other side's buffers fill. */
async function slowDigest(socket: Socket): Promise<string> {
  const hash = createHash('sha256')
  let sincePause = 0
  // The iterator would destroy the socket at the peer's end, and what it still has to send with it.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    hash.update(chunk)
    sincePause += chunk.length
    if (sincePause < 4_000_000) continue
    sincePause = 0
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return hash.digest('hex')
}

test('a client that goes on after the server ended loses nothing', async (t) => {
  const payload = randomBytes(8 * 1024 * 1024)
  const upstreamSaw = Promise.withResolvers<number>()
  const { port } = await listenOnLoopback(t, (socket) => {
    socket.end('bye')
    let bytes = 0
    socket.pause()
    setTimeout(() => socket.resume(), 50)
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.on('end', () => upstreamSaw.resolve(bytes))
  })
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const client = await rig.dial()
  await readAll(client)
  client.end(payload)
  assert.equal(await upstreamSaw.promise, payload.length)
})

test('a reset passes through in either direction', async (t) => {
  const upstreamClosed = Promise.withResolvers<string>()
  const { port } = await listenOnLoopback(t, (socket) => {
    socket.once('data', (chunk: Buffer) => {
      if (chunk.toString() === 'reset me') socket.resetAndDestroy()
      else void closeOf(socket).then(upstreamClosed.resolve)
    })
    socket.write('hello')
  })
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const first = await rig.dial()
  const closed = closeOf(first)
  first.write('reset me')
  assert.equal(await closed, 'ECONNRESET')
  const second = await rig.dial()
  await once(second, 'data')
  second.write('stay')
  await turn()
  second.resetAndDestroy()
  assert.equal(await upstreamClosed.promise, 'ECONNRESET')
})

test('what the client sends while the upstream is being connected to waits, bounded, and arrives in order', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.pipe(socket))
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const cluster = rig.proxy.cluster(staticCluster(port).name)!
  let resolved = () => {}
  t.mock.method(cluster, 'pickHost', () => ({ kind: 'pending' }), { times: 1 })
  t.mock.method(cluster, 'whenResolved', (callback: () => void) => {
    resolved = callback
    return () => {}
  })
  const payload = randomBytes(4 * 1024 * 1024)
  const client = await rig.dial()
  const received = readAll(client)
  client.end(payload)
  await new Promise((resolve) => setTimeout(resolve, 30))
  resolved()
  assert.ok((await received).equals(payload))
})

test('refusals: each has its flag, its reason, and a reset', async (t) => {
  const rig = await ProxyRig.start(t)
  const cases = [
    { flags: ['UH'], reason: '', cluster: clusterOf('empty') },
    {
      flags: ['UH'],
      reason: 'no address is known for "gone.example.com"',
      cluster: clusterOf('gone', { type: 'STRICT_DNS', endpoints: [endpointOf('gone.example.com', 80)] }),
    },
    { flags: ['UF', 'URX'], reason: 'delayed connect error: 111', cluster: staticCluster(await refusingPort()) },
    { flags: ['UO'], reason: '', cluster: staticCluster(1, { maxConnections: 0 }) },
  ]
  for (const [i, { flags, reason, cluster }] of cases.entries()) {
    rig.proxy.applyConfig(leadingTo(cluster))
    assert.equal(await rig.dialToClose(), 'ECONNRESET')
    await rig.untilLogged(i + 1)
    assert.deepEqual(rig.logged[i]?.responseFlags, flags)
    assert.equal(rig.logged[i]?.upstreamTransportFailureReason, reason)
    assert.equal(rig.logged[i]?.upstreamCluster, cluster.name)
  }
  rig.proxy.applyConfig({ ...leadingTo(clusterOf('missing')), clusters: new Map() })
  assert.equal(await rig.dialToClose(), 'ECONNRESET')
  await rig.untilLogged(cases.length + 1)
  assert.deepEqual(rig.logged.at(-1)?.responseFlags, ['NC'])
  const stats = rig.proxy.stats()
  assert.deepEqual([stats.upstreamConnectFailures, stats.upstreamRefusals, stats.downstreamActive], [1, 4, 0])
})

test('an upstream that does not answer is given up after the connect timeout', async (t) => {
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(await deafPort(t), { connectTimeoutMs: 200 })))
  await rig.dialToClose()
  await rig.untilLogged(1)
  assert.deepEqual(rig.logged[0]?.responseFlags, ['UF', 'URX'])
  assert.equal(rig.logged[0]?.upstreamTransportFailureReason, '')
})

test('a client that leaves before the upstream answered is flagged DC', async (t) => {
  const rig = await ProxyRig.start(t)
  t.mock.method(rig.resolver, 'resolve', () => new Promise(() => {}))
  rig.proxy.applyConfig(
    leadingTo(clusterOf('db', { type: 'STRICT_DNS', endpoints: [endpointOf('db.example.com', 1)] })),
  )
  const client = await rig.dial()
  await turn()
  client.resetAndDestroy()
  await rig.untilLogged(1)
  assert.deepEqual(rig.logged[0]?.responseFlags, ['DC'])
})

test('idle connections are closed after the idle timeout, long ones after the maximum duration', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.pipe(socket))
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port), { idleTimeoutMs: 200 }))
  assert.equal(await rig.dialToClose(), 'end')
  await rig.untilLogged(1)
  assert.deepEqual(rig.logged[0]?.responseFlags, [])
  rig.proxy.applyConfig(leadingTo(staticCluster(port), { maxConnectionDurationMs: 200 }))
  const busy = await rig.dial()
  const chatter = setInterval(() => busy.write('x'), 20)
  t.after(() => clearInterval(chatter))
  await closeOf(busy)
  clearInterval(chatter)
  await rig.untilLogged(2)
  assert.deepEqual(rig.logged[1]?.responseFlags, ['DT'])
  assert.deepEqual([rig.proxy.stats().idleTimeouts, rig.proxy.stats().durationTimeouts], [1, 1])
})

test('TLS goes by server name, other bytes by the default chain, and what was inspected arrives whole', async (t) => {
  const { port: wikipedia } = await listenOnLoopback(t, (socket) =>
    socket.once('data', (c) => socket.end(`wiki ${c.length}`)),
  )
  const { port: fallback } = await listenOnLoopback(t, (socket) =>
    socket.once('data', (c) => socket.end(`other ${c.length}`)),
  )
  const rig = await ProxyRig.start(t)
  const wildcard = listenerOf('0.0.0.0_443', '0.0.0.0', 443, {
    inspectors: { tls: true, http: false },
    filterChains: [tcpChainOf('wiki', 'wiki', { serverNames: ['*.wikipedia.org'], transportProtocol: 'tls' })],
    defaultFilterChain: tcpChainOf('other', 'other'),
  })
  const outbound = listenerOf('virtualOutbound', '0.0.0.0', 15_001, { useOriginalDst: true })
  rig.proxy.applyConfig(
    proxyConfigOf(
      [outbound, wildcard],
      [
        clusterOf('wiki', { endpoints: [endpointOf('127.0.0.1', wikipedia)] }),
        clusterOf('other', { endpoints: [endpointOf('127.0.0.1', fallback)] }),
      ],
    ),
  )
  const answerTo = async (bytes: Buffer) => {
    const client = await rig.dial()
    // In two segments: the inspector has to wait for the second.
    client.write(bytes.subarray(0, 10))
    await turn()
    await turn()
    client.write(bytes.subarray(10))
    const answer = await readAll(client)
    client.end()
    return answer.toString()
  }
  const hello = inRecords(clientHello([serverNameExtension('de.Wikipedia.org')]))
  assert.equal(await answerTo(hello), `wiki ${hello.length}`)
  assert.match(await answerTo(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')), /^other \d+$/)
  await rig.untilLogged(2)
  assert.equal(rig.logged[0]?.requestedServerName, 'de.wikipedia.org')
})

test("a silent client is led on after the inspectors' timeout, or closed where they may not be skipped", async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.end('server first'))
  const rig = await ProxyRig.start(t)
  const config = (continueOnInspectorTimeout: boolean) =>
    proxyConfigOf(
      [
        listenerOf('virtualOutbound', '0.0.0.0', 15_001, {
          useOriginalDst: true,
          inspectors: { tls: true, http: true },
          inspectorTimeoutMs: 100,
          continueOnInspectorTimeout,
          defaultFilterChain: tcpChainOf('all', 'db'),
        }),
      ],
      [clusterOf('db', { endpoints: [endpointOf('127.0.0.1', port)] })],
    )
  rig.proxy.applyConfig(config(true))
  assert.equal((await readAll(await rig.dial())).toString(), 'server first')
  rig.proxy.applyConfig(config(false))
  assert.equal((await readAll(await rig.dial())).toString(), '')
  assert.equal(rig.proxy.stats().inspectionTimeouts, 1)
})

test('BlackHoleCluster, no filter chain and no configuration all go to the denier', async (t) => {
  const denied: string[] = []
  const rig = await ProxyRig.start(t, {
    denier: {
      takeOver(connection, { log, mongo }) {
        denied.push(`${connection.info.responseFlags.join()} ${mongo}`)
        connection.setReader({ onBytes: () => false, onEnd() {}, onDrain() {}, onClose: () => log?.(connection.info) })
        connection.destroy(true)
      },
    },
  })
  await rig.dialToClose()
  const mongo: FilterChain = { ...tcpChainOf('blackhole', BLACK_HOLE_CLUSTER), mongo: true }
  const listener = listenerOf('virtualOutbound', '0.0.0.0', 15_001, { useOriginalDst: true, defaultFilterChain: mongo })
  rig.proxy.applyConfig(proxyConfigOf([listener], [clusterOf(BLACK_HOLE_CLUSTER)]))
  await rig.dialToClose()
  rig.proxy.applyConfig(proxyConfigOf([{ ...listener, defaultFilterChain: undefined }], []))
  await rig.dialToClose()
  assert.deepEqual(denied, ['NR undefined', ' true', 'NR undefined'])
  assert.deepEqual([rig.proxy.stats().noFilterChainMatch, rig.proxy.stats().denied], [2, 1])
})
