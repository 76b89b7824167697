import { chmodSync, rmSync } from 'node:fs'
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { Fault, messageOf } from '#base/fault.ts'
import {
  frameMessage,
  GRPC_INVALID_ARGUMENT,
  GRPC_OK,
  GRPC_RESOURCE_EXHAUSTED,
  GRPC_UNAVAILABLE,
  GRPC_UNIMPLEMENTED,
  MessageReader,
} from '#xds/grpc/message-stream.ts'
import type { NodeIdentity, PushOutcome, ResourceSource } from '#xds/resource-set.ts'
import type { TypeUrl } from '#xds/type-url.ts'
import { DELTA, DiscoveryStream, type Protocol, SOTW } from './discovery-stream.ts'
import type { TypeSync } from './type-watch.ts'

const METHODS: ReadonlyMap<string, Protocol> = new Map([
  ['/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources', SOTW],
  ['/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources', DELTA],
])
/** A reconnecting client names every resource it holds: 10,000 of them take about 1 MB. */
const MAX_REQUEST_BYTES = 4 << 20
const WINDOW_BYTES = 1 << 20
const MAX_STREAMS_PER_CONNECTION = 16

/** A socket in the file system, or host and port (port 0: any free one). */
export type ListenAddress = { readonly path: string } | { readonly host: string; readonly port: number }

export interface AdsServerOptions {
  readonly source: ResourceSource
  /** Called for each response that a client answered. */
  readonly onOutcome?: (outcome: PushOutcome) => void
  /** Called when a client came, when it has acknowledged everything that there is for it, and when it went. */
  readonly onClient?: (kind: 'came' | 'settled' | 'left', client: AdsClientState) => void
  /** Bounds one request; default 4 MiB. */
  readonly maxRequestBytes?: number
}

/** A connected client: a view of its stream, which changes as that does. */
export interface AdsClientState {
  readonly node: NodeIdentity | undefined
  readonly protocol: 'sotw' | 'delta'
  /** The version of the newest resource set that it has acknowledged all of; "" before the first. */
  readonly settledVersion: string
  syncs(): ReadonlyMap<TypeUrl, TypeSync>
}

/**
 * The aggregated discovery service (xDS v3, both protocols) over gRPC without TLS: on a Unix socket whose mode is the
 * access control, or on a loopback port.
 */
export class AdsServer {
  readonly #options: AdsServerOptions
  readonly #http2: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #clients = new Set<AdsClientState>()
  #path: string | undefined

  constructor(options: AdsServerOptions) {
    this.#options = options
    this.#http2 = createServer({
      settings: { initialWindowSize: WINDOW_BYTES, maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION },
    })
    this.#http2.on('session', (session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      session.on('error', () => session.destroy())
    })
    this.#http2.on('stream', (stream, headers) => this.#accept(stream, headers))
  }

  /** Starts listening; resolves to the bound port (0 for a path). Throws a Fault "xds/listen" when the address is taken. */
  async listen(address: ListenAddress): Promise<number> {
    if ('path' in address) await removeDeadSocket(address.path)
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: Error) =>
        reject(
          new Fault('xds/listen', `xds server cannot listen on ${describe(address)}: ${error.message}`, {
            cause: error,
          }),
        )
      this.#http2.once('error', refuse)
      this.#http2.listen(address, () => {
        this.#http2.off('error', refuse)
        resolve()
      })
    })
    if (!('path' in address)) return (this.#http2.address() as AddressInfo).port
    this.#path = address.path
    chmodSync(address.path, 0o600)
    return 0
  }

  /** Who is connected now, those left out that have not said who they are. */
  clients(): readonly AdsClientState[] {
    return [...this.#clients].filter(({ node }) => node !== undefined)
  }

  /** Ends every stream (clients come back to whoever listens next) and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http2.close(() => resolve()))
    for (const session of this.#sessions) session.destroy()
    await closed
    if (this.#path !== undefined) rmSync(this.#path, { force: true })
  }

  #receive(discovery: DiscoveryStream, message: Uint8Array): void {
    const isNew = discovery.node === undefined
    discovery.receive(message)
    if (!isNew) return
    this.#clients.add(discovery)
    this.#options.onClient?.('came', discovery)
  }

  #accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => stream.destroy())
    const protocol = METHODS.get(String(headers[':path']))
    if (headers[':method'] !== 'POST' || !String(headers['content-type']).startsWith('application/grpc'))
      stream.respond({ ':status': 415 }, { endStream: true })
    else if (protocol === undefined) refuse(stream, GRPC_UNIMPLEMENTED, `unknown method "${headers[':path']}"`)
    else this.#serve(stream, protocol)
  }

  #serve(stream: ServerHttp2Stream, protocol: Protocol): void {
    const reader = new MessageReader(this.#options.maxRequestBytes ?? MAX_REQUEST_BYTES)
    const discovery = new DiscoveryStream(protocol, {
      source: this.#options.source,
      onOutcome: this.#options.onOutcome ?? (() => {}),
      send: (parts) => {
        if (stream.writable) stream.write(frameMessage(parts))
      },
      onSettled: () => this.#options.onClient?.('settled', discovery),
    })
    const leave = () => {
      discovery.close()
      if (this.#clients.delete(discovery)) this.#options.onClient?.('left', discovery)
    }
    let status = { 'grpc-status': String(GRPC_OK), 'grpc-message': '' }
    const finish = (code: number, message: string) => {
      leave()
      status = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) }
      stream.end()
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(status))
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const message of reader.push(chunk)) this.#receive(discovery, message)
      } catch (thrown) {
        stream.removeAllListeners('data')
        stream.resume()
        finish(statusOf(thrown), messageOf(thrown))
      }
    })
    stream.on('end', () => finish(GRPC_OK, ''))
    stream.on('close', leave)
  }
}

function refuse(stream: ServerHttp2Stream, code: number, message: string): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc' }
  stream.respond({ ...headers, 'grpc-status': code, 'grpc-message': encodeURIComponent(message) }, { endStream: true })
}

function statusOf(thrown: unknown): number {
  if (!(thrown instanceof Fault)) return GRPC_INVALID_ARGUMENT
  if (thrown.code === 'xds/grpc-message-too-large') return GRPC_RESOURCE_EXHAUSTED
  return thrown.code === 'xds/grpc-compressed' ? GRPC_UNIMPLEMENTED : GRPC_UNAVAILABLE
}

function describe(address: ListenAddress): string {
  return 'path' in address ? `"${address.path}"` : `"${address.host}:${address.port}"`
}

/** A socket file whose server is gone would keep the next one out. */
async function removeDeadSocket(path: string): Promise<void> {
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect({ path }, () => resolve(true))
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
    probe.on('close', () => probe.destroy())
    probe.on('connect', () => probe.destroy())
  })
  if (!alive) rmSync(path, { force: true })
}
