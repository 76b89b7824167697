import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { TimerWheel } from '#base/timer-wheel.ts'
import { OutBuffer } from '#proxy/connection/out-buffer.ts'
import { ReadBuffer } from '#proxy/connection/read-buffer.ts'
import { acceptDownstream, kernelOriginalDestination } from '#proxy/listener/downstream.ts'

/*
 * A program for a network whose nftables redirect everything to port 15001: accepts there as the proxy does, and prints where each
 * connection was going.
 */

/** Accepts on `host`, dials each destination once, and says what was seen. */
async function probe(host: string, destinations: readonly (readonly [string, number])[]): Promise<string[]> {
  const seen: string[] = []
  let wake = () => {}
  const server = createServer().listen(15_001, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const env = { wheel: new TimerWheel(), readBuffer: new ReadBuffer(), out: new OutBuffer() }
  acceptDownstream(server, env, kernelOriginalDestination(), {
    onAccepted(connection) {
      const { address, port } = connection.info.downstreamLocal
      seen.push(`${address} ${port}`)
      connection.destroy(true)
    },
    onDownstreamClosed: () => wake(),
  })
  for (const [address, destinationPort] of destinations) {
    const closed = new Promise<void>((resolve) => {
      wake = resolve
    })
    connect(destinationPort === 0 ? port : destinationPort, address).on('error', () => {})
    await closed
  }
  server.close()
  await once(server, 'close')
  return seen
}

const results = {
  '0.0.0.0': await probe('0.0.0.0', [
    ['91.198.174.192', 443],
    ['127.0.0.1', 0],
  ]),
  '::': await probe('::', [
    ['91.198.174.192', 443],
    ['2001:db8::7', 8443],
    ['::1', 0],
  ]),
}
console.log(JSON.stringify(results))
