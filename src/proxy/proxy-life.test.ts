import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { closeOf, listenOnLoopback, readAll } from '#test/loopback.ts'
import { clusterOf } from '#test/proxy-config.ts'
import { leadingTo, ProxyRig, staticCluster } from '#test/proxy-rig.ts'

test('1,000 configuration changes under 100 live streams lose no byte', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.pipe(socket))
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  let streaming = true
  const streams = Array.from({ length: 100 }, async () => {
    const client = await rig.dial()
    const sent = createHash('sha256')
    const received = createHash('sha256')
    client.on('data', (chunk) => received.update(chunk))
    while (streaming) {
      const chunk = randomBytes(1 + Math.floor(Math.random() * 4_000))
      sent.update(chunk)
      if (!client.write(chunk)) await once(client, 'drain')
      await turn()
    }
    client.end()
    await once(client, 'end')
    return sent.digest('hex') === received.digest('hex')
  })
  while (rig.proxy.stats().downstreamActive < 100) await turn()
  for (let i = 0; i < 1_000; i++) {
    // The cluster changes, disappears, or leads into the black hole: only new connections may notice.
    const next = i % 3 === 0 ? staticCluster(port, { connectTimeoutMs: 1_000 + i }) : clusterOf(`other-${i}`)
    rig.proxy.applyConfig(leadingTo(next))
    if (i % 10 === 0) await turn()
  }
  streaming = false
  const intact = await Promise.all(streams)
  assert.equal(intact.filter(Boolean).length, 100)
  assert.equal(rig.proxy.stats().downstreamConnections, 100)
  assert.equal(rig.proxy.stats().configUpdates, 1_001)
})

test('beyond the limit connections are reset, and those inside it go on', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.pipe(socket))
  const rig = await ProxyRig.start(t, { maxConnections: 2 })
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const inside = [await rig.dial(), await rig.dial()]
  while (rig.proxy.stats().downstreamActive < 2) await turn()
  assert.equal(await rig.dialToClose(), 'ECONNRESET')
  for (const client of inside) {
    client.write('still here')
    assert.equal((await once(client, 'data'))[0].toString(), 'still here')
  }
  assert.equal(rig.proxy.stats().downstreamOverLimit, 1)
})

test('draining refuses new connections, waits for those under way, and closes the rest at its deadline', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.pipe(socket))
  const rig = await ProxyRig.start(t)
  rig.proxy.applyConfig(leadingTo(staticCluster(port)))
  const finishing = await rig.dial()
  const staying = await rig.dial()
  while (rig.proxy.stats().downstreamActive < 2) await turn()
  let drainers = 0
  rig.proxy.onDraining(() => drainers++)
  const drained = rig.proxy.drain(300)
  assert.equal(rig.proxy.draining(), true)
  assert.equal(drainers, 1)
  await assert.rejects(once(connect(rig.port, '127.0.0.1'), 'connect'), {
    code: 'ECONNREFUSED',
  })
  const received = readAll(finishing)
  finishing.end('last words')
  assert.equal((await received).toString(), 'last words')
  const closed = closeOf(staying)
  await drained
  await closed
  assert.equal(rig.proxy.stats().downstreamActive, 0)
  assert.equal(rig.proxy.connections.open.size, 0)
})

test('10,000 connections leave nothing behind', async (t) => {
  const { port } = await listenOnLoopback(t, (socket) => socket.on('end', () => socket.end()).resume())
  const rig = await ProxyRig.start(t)
  const cluster = staticCluster(port)
  rig.proxy.applyConfig(leadingTo(cluster))
  const handles = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
  const before = handles()
  const ways: ((client: Socket) => void)[] = [
    (client) => client.end('orderly'),
    (client) => client.resetAndDestroy(),
    (client) => client.destroy(),
  ]
  for (let batch = 0; batch < 50; batch++) {
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const client = await rig.dial()
        client.resume()
        const closed = once(client, 'close')
        ways[(batch + i) % 3]?.(client)
        await closed
      }),
    )
  }
  await rig.untilLogged(10_000)
  while (rig.proxy.connections.open.size > 0 || handles() > before) await turn()
  const stats = rig.proxy.stats()
  assert.deepEqual([stats.downstreamConnections, stats.downstreamActive], [10_000, 0])
  assert.equal(rig.proxy.cluster(cluster.name)?.circuit.connections, 0)
  const choice = rig.proxy.cluster(cluster.name)?.pickHost(rig.destination)
  assert.equal(choice?.kind === 'host' && choice.host.active, 0)
})
