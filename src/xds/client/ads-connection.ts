import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { messageOf } from '#base/fault.ts'
import { GRPC_OK, MessageReader } from '#xds/grpc/message-stream.ts'

const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
const MAX_RESPONSE_BYTES = 256 << 20
const WINDOW_BYTES = 1 << 20
const PING_INTERVAL_MS = 30_000

/** Where an ADS server listens. */
export type AdsAddress = { readonly path: string } | { readonly host: string; readonly port: number }

export interface AdsConnectionEvents {
  /** One gRPC message. When it throws, the connection ends with what was thrown. */
  onMessage(bytes: Uint8Array): void
  /** Exactly once, unless `close` was called first. */
  onClose(reason: string): void
}

/**
 * One gRPC call with two directions, over an HTTP/2 connection of its own. Written on node:http2 because the proxy's
 * memory counts: a general gRPC library costs about 20 MB and 60 ms at start-up.
 */
export class AdsConnection {
  readonly #events: AdsConnectionEvents
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  readonly #reader = new MessageReader(MAX_RESPONSE_BYTES)
  readonly #ping: NodeJS.Timeout
  #awaitingPong = false
  #over = false

  constructor(address: AdsAddress, events: AdsConnectionEvents) {
    this.#events = events
    const authority = 'path' in address ? 'http://localhost' : `http://${hostOf(address.host)}:${address.port}`
    this.#session = connect(authority, {
      createConnection: () => connectSocket(address),
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    })
    this.#session.on('error', (error) => this.#end(messageOf(error)))
    this.#session.on('close', () => this.#end('the server closed the connection'))
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': METHOD,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    this.#stream.on('response', (headers) => this.#onHead(headers))
    this.#stream.on('trailers', (headers) => this.#onStatus(headers))
    this.#stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.#stream.on('error', (error) => this.#end(messageOf(error)))
    this.#stream.on('close', () => this.#end('the server ended the stream'))
    this.#ping = setInterval(() => this.#checkAlive(), PING_INTERVAL_MS)
    this.#ping.unref()
  }

  /** Sends one framed message; nothing happens when the connection is over. */
  send(frame: Uint8Array): void {
    if (!this.#over) this.#stream.write(frame)
  }

  close(): void {
    this.#over = true
    clearInterval(this.#ping)
    this.#session.destroy()
  }

  #end(reason: string): void {
    if (this.#over) return
    this.close()
    this.#events.onClose(reason)
  }

  #onHead(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (headers[':status'] !== 200) this.#end(`the server answered with HTTP status ${headers[':status']}`)
    else if (headers['grpc-status'] !== undefined) this.#onStatus(headers)
  }

  #onStatus(headers: IncomingHttpHeaders): void {
    const status = Number(headers['grpc-status'])
    const message = decodeURIComponent(String(headers['grpc-message'] ?? ''))
    this.#end(status === GRPC_OK ? 'the server ended the stream' : `gRPC status ${status}: ${message}`)
  }

  #onData(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) if (!this.#over) this.#events.onMessage(message)
    } catch (thrown) {
      this.#end(messageOf(thrown))
    }
  }

  /** A server that vanished without a word (a machine that lost power) is noticed within two intervals. */
  #checkAlive(): void {
    if (this.#awaitingPong) this.#end(`no sign of life for ${PING_INTERVAL_MS} ms`)
    else {
      this.#awaitingPong = true
      this.#session.ping(() => {
        this.#awaitingPong = false
      })
    }
  }
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
