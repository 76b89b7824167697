import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { KeyPair } from '#apiserver/auth/key-pair.ts'
import { Fault, messageOf } from '#base/fault.ts'

/** The API server listens where no other machine reaches it. */
const HOST = '127.0.0.1'

const LIMITS = {
  connections: 5000,
  headerBytes: 16 << 10,
  headersMs: 10_000,
  /** For head and body: 3 MiB in a minute is slow. */
  requestMs: 60_000,
  handshakeMs: 10_000,
  keepAliveMs: 120_000,
} as const

export interface HttpsServerOptions {
  /** Shown to clients; `setServerPair` replaces it. */
  readonly pair: KeyPair
  /** PEM: whose client certificates are accepted. */
  readonly clientAuthority: string
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** How long a head may take, and a connection may say nothing before its first; default 10 s. */
  readonly headersMs?: number
}

/** HTTP/1.1 over TLS on loopback: connections, heads and the time that both may take are bounded. */
export class HttpsServer {
  readonly #server: Server
  readonly #clientAuthority: string
  /** Those in the midst of their handshake too, of which the HTTP server does not know yet. */
  readonly #sockets = new Set<Socket>()

  constructor({ pair, clientAuthority, onRequest, headersMs = LIMITS.headersMs }: HttpsServerOptions) {
    this.#clientAuthority = clientAuthority
    this.#server = createServer(
      {
        ...this.#secureOptions(pair),
        // Who shows no certificate may come with a token; `onRequest` decides.
        requestCert: true,
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: LIMITS.handshakeMs,
        maxHeaderSize: LIMITS.headerBytes,
        headersTimeout: headersMs,
        requestTimeout: LIMITS.requestMs,
        keepAliveTimeout: LIMITS.keepAliveMs,
        connectionsCheckingInterval: Math.min(headersMs, 5000),
      },
      (request, response) => {
        request.socket.setTimeout(0)
        onRequest(request, response)
      },
    )
    this.#server.maxConnections = LIMITS.connections
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    // Who says nothing must not hold one of the connections that there are; a watch is silent for long, but has said what it wants.
    this.#server.on('secureConnection', (socket) => socket.setTimeout(headersMs, () => socket.destroy()))
    // A handshake that fails is the client's affair.
    this.#server.on('tlsClientError', (_, socket) => socket.destroy())
  }

  /** Answers the port; 0 asks for any free one. Throws a Fault when it cannot be had. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error) =>
        reject(new Fault('apiserver/listen', `cannot listen on ${HOST}:${port}: ${messageOf(cause)}`, { cause }))
      this.#server.once('error', fail)
      this.#server.listen(port, HOST, () => {
        this.#server.off('error', fail)
        resolve()
      })
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** New connections see this certificate. */
  setServerPair(pair: KeyPair): void {
    this.#server.setSecureContext(this.#secureOptions(pair))
  }

  /** Ends every connection, watches included. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #secureOptions(pair: KeyPair) {
    return { cert: pair.certificate, key: pair.key, ca: this.#clientAuthority, minVersion: 'TLSv1.2' as const }
  }
}
