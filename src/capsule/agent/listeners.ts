import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { FromAgent, SocketRole } from './messages.ts'
import { dnsPort, outboundPort } from './network.ts'

const backlog = 4096

/**
 * Opens the listening sockets on loopback, sends each to the sidecar, and closes the agent's own copy: when the sidecar
 * is gone, nobody holds them.
 */
export async function handOverListeners(hasIpv6: boolean): Promise<void> {
  const addresses = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  for (const address of addresses) {
    await handOver('outbound', await listen(address, outboundPort))
    await handOver('dnsTcp', await listen(address, dnsPort))
    await handOver('dnsUdp', await bind(address, dnsPort))
  }
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer()
  server.listen({ host, port, backlog, ipv6Only: host === '::1' })
  await once(server, 'listening')
  return server
}

async function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: address === '::1' ? 'udp6' : 'udp4', ipv6Only: address === '::1' })
  socket.bind({ address, port, exclusive: true })
  await once(socket, 'listening')
  return socket
}

function handOver(role: SocketRole, socket: Server | Socket): Promise<void> {
  const message: FromAgent = { kind: 'socket', role }
  return new Promise((resolve, reject) => {
    process.send?.(message, socket, { keepOpen: true }, (error: Error | null) => {
      socket.close()
      if (error === null) resolve()
      else reject(error)
    })
  })
}
