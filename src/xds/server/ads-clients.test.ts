import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NODE, RawDeltaStream } from '#test/conformance/raw-ads-client.ts'
import { eventually, serve } from '#test/conformance/served.ts'
import type { EncodedResource } from '#xds/resource-map.ts'
import { CLUSTER_TYPE } from '#xds/type-url.ts'

function some(name: string, version = '1'): EncodedResource {
  return { name, version, value: new TextEncoder().encode('') }
}

test('the server tells who came, who has acknowledged everything, and who left', async (t) => {
  const { address, source, server, clients } = await serve(t)
  source.replace({ [CLUSTER_TYPE]: [some('a')] })
  const stream = new RawDeltaStream(address)
  stream.send({ node: NODE, typeUrl: CLUSTER_TYPE })
  const first = await stream.next()
  const [client] = server.clients()
  assert.deepEqual([client?.node?.id, client?.settledVersion], [NODE.id, ''])
  assert.deepEqual([...(client?.syncs() ?? [])], [[CLUSTER_TYPE, 'STALE']])
  stream.ack(first)
  await eventually(() => clients.includes('settled 1'), 'the first set was settled')
  source.replace({ [CLUSTER_TYPE]: [some('a', '2')] })
  stream.nack(await stream.next(), 'no')
  await eventually(() => client?.syncs().get(CLUSTER_TYPE) === 'ERROR', 'the refusal was noticed')
  source.replace({ [CLUSTER_TYPE]: [some('a', '3')] })
  stream.ack(await stream.next())
  await eventually(() => clients.includes('settled 3'), 'the third set was settled')
  stream.close()
  await eventually(() => clients.includes('left'), 'the client left')
  assert.deepEqual([clients, server.clients()], [['came', 'settled 1', 'settled 3', 'left'], []])
})
