import { type ClientHttp2Session, type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from 'node:http2'
import { ENVOY } from '#proxy/http/codec/field-id.ts'
import { type Fields, NO_FIELDS } from '#proxy/http/codec/fields.ts'
import type { ResponseHead } from '#proxy/http/codec/message-head.ts'
import { STATUS_CODES } from '#proxy/http/node-http.ts'
import type { OutgoingRequest, ResetReason, UpstreamObserver, UpstreamStream } from '#proxy/http/stream.ts'
import { addHttp2Fields, addHttp2Lines, receivedFields, receivedFraming } from './http2-fields.ts'

/** One request on an HTTP/2 connection. */
export class UpstreamHttp2 implements UpstreamStream {
  blocked = false
  readonly maybeStale: boolean
  readonly #session: ClientHttp2Session
  #observer: UpstreamObserver | undefined
  #stream: ClientHttp2Stream | undefined = undefined
  #requestTrailers: Fields = NO_FIELDS
  #responseTrailers: Fields = NO_FIELDS
  #bodiless = false
  /** END_STREAM came. */
  #whole = false

  constructor(session: ClientHttp2Session, observer: UpstreamObserver, reused: boolean) {
    this.#session = session
    this.#observer = observer
    this.maybeStale = reused
  }

  sendHead({ head, path, authority, added }: OutgoingRequest): void {
    const headers: OutgoingHttpHeaders = {
      ':method': head.method,
      ':scheme': head.scheme,
      ':authority': authority,
      ':path': path,
    }
    addHttp2Fields(headers, head.fields, ENVOY)
    addHttp2Lines(headers, added)
    this.#bodiless = head.framing === 0
    try {
      const stream = this.#session.request(headers, { endStream: this.#bodiless, waitForTrailers: !this.#bodiless })
      this.#stream = stream
      this.#listen(stream)
    } catch {
      // The session closed a moment ago, or the fields are none that HTTP/2 can carry. Told later, as all resets are.
      process.nextTick(() => this.#end('remote reset'))
    }
  }

  #listen(stream: ClientHttp2Stream): void {
    // Node pushes an end for END_STREAM, and for a stream that is closed without it: then it is closed already.
    const { push } = stream
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && !stream.closed) this.#whole = true
      return push.call(stream, chunk, encoding)
    }
    stream.on('headers', (_headers, _flags, raw?: string[]) => this.#observer?.onResponseHead(headOf(raw ?? [], false)))
    stream.on('response', (_headers, flags, raw?: string[]) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
      this.#observer?.onResponseHead(headOf(raw ?? [], endStream))
      this.#listenToBody(stream)
    })
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      this.#responseTrailers = receivedFields(raw ?? [])
    })
    stream.on('drain', () => {
      this.blocked = false
      this.#observer?.onUpstreamDrain()
    })
    stream.on('wantTrailers', () => this.#sendTrailers(stream))
    stream.on('error', () => {})
    stream.on('close', () => this.#end(resetReasonOf(stream, this.#session)))
  }

  /** Only now: 'response' is emitted in the next tick, and data that came with it would flow past it. */
  #listenToBody(stream: ClientHttp2Stream): void {
    stream.on('data', (chunk: Buffer) => {
      this.#observer?.onResponseBody(chunk, 0, chunk.length)
      if (this.#observer?.downstreamBlocked === true) stream.pause()
    })
    // After a reset the stream ends as well, and the reset may say that there was no error.
    stream.on('end', () => {
      if (this.#whole) this.#end(undefined)
      // It is not closed for Node while a body waits for the peer's window, which nobody opens any more.
      else stream.destroy()
    })
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream
    if (stream === undefined || stream.destroyed) return
    if (!stream.write(Buffer.from(bytes.subarray(start, end)))) this.blocked = true
  }

  sendEnd(trailers: Fields): void {
    this.#requestTrailers = trailers
    if (!this.#bodiless) this.#stream?.end()
  }

  #sendTrailers(stream: ClientHttp2Stream): void {
    const headers: OutgoingHttpHeaders = {}
    addHttp2Fields(headers, this.#requestTrailers)
    stream.sendTrailers(headers)
  }

  startTunnel(): void {}

  resume(): void {
    this.#stream?.resume()
  }

  reset(): void {
    this.#observer = undefined
    this.#stream?.close(constants.NGHTTP2_CANCEL)
  }

  /** @param reason undefined for a complete response */
  #end(reason: ResetReason | undefined): void {
    const observer = this.#observer
    this.#observer = undefined
    if (reason === undefined) observer?.onResponseEnd(this.#responseTrailers)
    else observer?.onUpstreamReset(reason)
  }
}

function headOf(raw: readonly string[], endStream: boolean): ResponseHead {
  const status = Number(raw[raw.indexOf(':status') + 1])
  const fields = receivedFields(raw)
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    minorVersion: 1,
    fields,
    framing: receivedFraming(fields, endStream),
    keepAlive: true,
  }
}

function resetReasonOf(stream: ClientHttp2Stream, session: ClientHttp2Session): ResetReason {
  if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return 'remote refused stream reset'
  return session.destroyed || session.closed ? 'connection termination' : 'remote reset'
}
