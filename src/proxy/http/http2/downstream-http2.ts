import { constants, type Http2Session, performServerHandshake, type ServerHttp2Stream } from 'node:http2'
import type { Connection } from '#proxy/connection/connection.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { SERVER } from '#proxy/http/codec/field-id.ts'
import { type Fields, NO_FIELDS } from '#proxy/http/codec/fields.ts'
import type { RequestHead, ResponseHead } from '#proxy/http/codec/message-head.ts'
import { authorityOf } from '#proxy/http/codec/request-target.ts'
import { Exchange } from '#proxy/http/exchange.ts'
import type { ManagerEnv } from '#proxy/http/http-proxy.ts'
import type { DownstreamStream, OutgoingResponse } from '#proxy/http/stream.ts'
import { ConnectionDuplex } from './connection-duplex.ts'
import { STREAM_WINDOW_BYTES, widenWindow } from './flow-window.ts'
import { addHttp2Fields, addHttp2Lines, receivedFields, receivedFraming, SEVERAL_VALUES } from './http2-fields.ts'

/** Envoy's defaults for one connection, but for the number of streams: 100 is what RFC 9113 recommends at least. */
const SETTINGS = { maxConcurrentStreams: 100, maxHeaderListSize: 60 * 1024, initialWindowSize: STREAM_WINDOW_BYTES }

/** Serves a client's HTTP/2 connection: every stream is an exchange of its own. */
export function serveHttp2(env: ManagerEnv, connection: Connection): void {
  const duplex = new ConnectionDuplex(connection)
  const session = performServerHandshake(duplex, { settings: SETTINGS, ...SEVERAL_VALUES })
  widenWindow(session)
  session.on('error', () => {})
  session.on('stream', (stream, _headers, _flags, rawHeaders) => {
    acceptStream(env, stream, rawHeaders ?? [], connection.info)
  })
  // Streams that began are finished; the client opens new ones elsewhere.
  const drainable = { drain: () => closeGently(session) }
  env.http.open.add(drainable)
  session.on('close', () => env.http.open.delete(drainable))
  const { idleTimeoutMs } = env.config
  if (idleTimeoutMs > 0) connection.setIdleTimeout(idleTimeoutMs, () => closeGently(session))
}

function closeGently(session: Http2Session): void {
  if (!session.closed) session.close()
}

function acceptStream(
  env: ManagerEnv,
  stream: ServerHttp2Stream,
  rawHeaders: readonly string[],
  connection: StreamInfo,
): void {
  const head = requestHeadOf(rawHeaders, stream.endAfterHeaders)
  stream.on('error', () => {})
  if (head === undefined) {
    stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    return
  }
  const downstream = new DownstreamHttp2(stream)
  const exchange = new Exchange(env, downstream, head, connection)
  downstream.attach(exchange, env)
  exchange.start()
  if (head.framing === 0) exchange.onRequestEnd(NO_FIELDS)
}

/** Undefined for what HTTP/1 could not carry either. */
function requestHeadOf(rawHeaders: readonly string[], endStream: boolean): RequestHead | undefined {
  const pseudo = new Map<string, string>()
  for (let i = 0; i + 1 < rawHeaders.length && rawHeaders[i]!.startsWith(':'); i += 2)
    pseudo.set(rawHeaders[i]!, rawHeaders[i + 1]!)
  const method = pseudo.get(':method') ?? ''
  const path = pseudo.get(':path') ?? ''
  const hostAt = rawHeaders.indexOf('host')
  const authority = pseudo.get(':authority') ?? (hostAt === -1 ? '' : rawHeaders[hostAt + 1]!)
  if (authorityOf(authority) === undefined) return undefined
  if (method !== 'CONNECT' && !/^(?:\/[!-"$-~]*|\*)$/.test(path)) return undefined
  const fields = receivedFields(rawHeaders)
  return {
    method,
    target: '',
    path,
    authority,
    scheme: pseudo.get(':scheme') === 'https' ? 'https' : 'http',
    protocol: 'HTTP/2',
    fields,
    framing: receivedFraming(fields, endStream),
    keepAlive: true,
    upgrade: '',
    expectsContinue: false,
  }
}

/** One stream of a client. */
class DownstreamHttp2 implements DownstreamStream {
  writeBlocked = false
  readonly #stream: ServerHttp2Stream
  #trailers: Fields = NO_FIELDS
  #ended = false

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  attach(exchange: Exchange, env: ManagerEnv): void {
    const stream = this.#stream
    let requestTrailers: Fields = NO_FIELDS
    stream.on('data', (chunk: Buffer) => {
      exchange.onRequestBody(chunk, 0, chunk.length)
      if (exchange.requestBlocked && !exchange.finished) stream.pause()
    })
    stream.on('trailers', (_headers, _flags, rawHeaders?: string[]) => {
      requestTrailers = receivedFields(rawHeaders ?? [])
    })
    stream.on('end', () => {
      if (exchange.body.complete) return
      exchange.onRequestEnd(requestTrailers)
    })
    stream.on('drain', () => {
      this.writeBlocked = false
      exchange.onDownstreamDrain()
    })
    stream.on('wantTrailers', () => this.#sendTrailers())
    stream.on('close', () => {
      exchange.onDownstreamClosed()
    })
    const { streamIdleTimeoutMs } = env.config
    if (streamIdleTimeoutMs > 0) {
      stream.setTimeout(streamIdleTimeoutMs, () => {
        if (!exchange.finished) exchange.onIdle()
      })
    }
  }

  sendInformational(head: ResponseHead): void {
    if (this.#stream.destroyed || this.#stream.headersSent) return
    const headers = { ':status': head.status }
    addHttp2Fields(headers, head.fields)
    this.#stream.additionalHeaders(headers)
  }

  sendHead({ head, framing, added }: OutgoingResponse): void {
    if (this.#stream.destroyed) return
    const headers = { ':status': head.status }
    addHttp2Fields(headers, head.fields, SERVER)
    addHttp2Lines(headers, added)
    this.#ended = framing === 0
    try {
      this.#stream.respond(headers, { endStream: this.#ended, waitForTrailers: !this.#ended })
    } catch {
      // Fields that HTTP/1 let pass and HTTP/2 forbids, such as two content types.
      this.reset()
    }
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.#stream.destroyed || this.#ended) return
    if (!this.#stream.write(Buffer.from(bytes.subarray(start, end)))) this.writeBlocked = true
  }

  sendEnd(trailers: Fields): void {
    if (this.#stream.destroyed) return
    this.#trailers = trailers
    if (!this.#ended) this.#stream.end()
    // A request whose answer is complete need not be sent to its end (RFC 9113, 8.1).
    if (!this.#stream.readableEnded) this.#stream.resume()
  }

  #sendTrailers(): void {
    // Without trailers this ends the stream all the same; closing it instead would reset it.
    const headers = {}
    addHttp2Fields(headers, this.#trailers)
    this.#stream.sendTrailers(headers)
  }

  startTunnel(): void {}

  resume(): void {
    this.#stream.resume()
  }

  reset(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }
}
