import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { Server, Socket } from 'node:net'
import type { Authority } from './certificates.ts'
import { listening } from './listening.ts'
import type { SiteHandler } from './site-handler.ts'
import type { Site } from './sites.ts'

/** Receives "http|tls ADDRESS:PORT" for every connection that reaches a server of the world. */
export type ArrivalLog = (line: string) => void

/** Serves one site on all its addresses and ports. */
export async function startSite(site: Site, authority: Authority, log: ArrivalLog): Promise<void> {
  const certificate = await authority.issue(site.names)
  const open = (kind: 'http' | 'tls', port: number, address: string): Promise<void> => {
    const server: Server =
      kind === 'http'
        ? createServer(site.handler)
        : createSecureServer({ ...certificate, allowHTTP1: true }, site.handler as SiteHandler as never)
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => socket.destroy())
      log(`${kind} ${address}:${port}`)
    })
    server.on('tlsClientError', () => {})
    return listening(server, port, address)
  }
  const all = site.addresses.flatMap((address) => [
    ...site.httpPorts.map((port) => open('http', port, address)),
    ...site.tlsPorts.map((port) => open('tls', port, address)),
  ])
  await Promise.all(all)
}
