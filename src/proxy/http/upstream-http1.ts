import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { KEEP_ALIVE } from './codec/field-id.ts'
import type { Fields } from './codec/fields.ts'
import { CHUNKED } from './codec/framing.ts'
import type { ResponseHead } from './codec/message-head.ts'
import { ResponseDecoder } from './codec/response-decoder.ts'
import { requestText } from './head/request-text.ts'
import type { OutgoingRequest, ResetReason, UpstreamObserver, UpstreamStream } from './stream.ts'
import { writeBody, writeLastChunk } from './write-body.ts'

/** Where a connection goes when it is free again, or gone. */
export interface Http1Home {
  onFree(connection: UpstreamHttp1): void
  onGone(connection: UpstreamHttp1): void
}

/** An HTTP/1.1 connection to an upstream host: one request at a time, kept open between requests. */
export class UpstreamHttp1 implements UpstreamStream, ConnectionReader {
  readonly connection: Connection
  readonly #home: Http1Home
  readonly #decoder = new ResponseDecoder()
  #observer: UpstreamObserver | undefined = undefined
  #idleTimeoutMs: number
  #served = 0
  #chunked = false
  #requestEnded = false
  #tunnel = false
  #gone = false
  #paused = false

  constructor(connection: Connection, home: Http1Home, idleTimeoutMs: number) {
    this.connection = connection
    this.#home = home
    this.#idleTimeoutMs = idleTimeoutMs
    this.#armIdleTimeout(idleTimeoutMs)
    connection.setReader(this)
  }

  get blocked(): boolean {
    return this.connection.blocked
  }

  get maybeStale(): boolean {
    return this.#served > 0 && this.#decoder.untouched
  }

  /** Gone connections must not be handed out. */
  get gone(): boolean {
    return this.#gone
  }

  /** The next request is `observer`'s. */
  assign(observer: UpstreamObserver): void {
    this.#observer = observer
    this.#requestEnded = false
    this.#chunked = false
  }

  sendHead(request: OutgoingRequest): void {
    this.#chunked = request.head.framing === CHUNKED
    this.#decoder.expect(request.head.method)
    this.connection.gatherText(requestText(request))
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    writeBody(this.connection, this.#chunked, bytes, start, end)
  }

  sendEnd(trailers: Fields): void {
    this.#requestEnded = true
    if (this.#tunnel) {
      this.connection.end()
    } else if (this.#chunked) writeLastChunk(this.connection, trailers)
  }

  startTunnel(): void {
    this.#tunnel = true
    this.#chunked = false
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.connection.resume()
  }

  reset(): void {
    this.#observer = undefined
    this.close()
  }

  close(): void {
    if (this.#gone) return
    this.#gone = true
    this.connection.destroy()
    this.#home.onGone(this)
  }

  onBytes(chunk: Buffer): boolean {
    if (this.#observer === undefined) {
      // Bytes that nobody asked for (RFC 9112, 9.2): whoever came next would take them for its response.
      this.close()
      return false
    }
    if (this.#tunnel) this.#observer.onResponseBody(chunk, 0, chunk.length)
    else this.#decode(chunk)
    this.#paused = !this.#gone && this.#observer?.downstreamBlocked === true
    return !this.#paused
  }

  #decode(chunk: Buffer): void {
    const decoder = this.#decoder
    decoder.feed(chunk)
    while (this.#observer !== undefined) {
      switch (decoder.next()) {
        case 'head':
          this.#takeHead(decoder.head!)
          break
        case 'body':
          this.#observer.onResponseBody(decoder.bytes, decoder.dataStart, decoder.dataEnd)
          break
        case 'end':
          this.#endResponse()
          return
        case 'more':
          return
        case 'fault':
          this.#fail('protocol error')
          return
      }
    }
  }

  #takeHead(head: ResponseHead): void {
    if (this.#served === 0) this.#heedKeepAlive(head)
    this.#observer?.onResponseHead(head)
  }

  /** A tunnel takes over what came behind the 101; otherwise the connection is free for another request, if both sides left it clean. */
  #endResponse(): void {
    const observer = this.#observer!
    const rest = this.#decoder.takeRest()
    if (this.#tunnel) {
      if (rest.length > 0) observer.onResponseBody(rest, 0, rest.length)
      return
    }
    const clean = rest.length === 0 && this.#requestEnded && this.#decoder.head!.keepAlive && !this.connection.blocked
    const { trailers } = this.#decoder
    this.#observer = undefined
    if (clean) {
      this.#served++
      this.#home.onFree(this)
    } else this.close()
    observer.onResponseEnd(trailers)
  }

  #fail(reason: ResetReason): void {
    const observer = this.#observer
    this.#observer = undefined
    this.close()
    observer?.onUpstreamReset(reason)
  }

  onEnd(): void {
    if (this.#observer === undefined) {
      this.close()
      return
    }
    if (this.#tunnel) this.#endTunnel()
    else if (this.#decoder.nextAtEnd() === 'end') this.#endResponse()
    else this.#fail('connection termination')
  }

  #endTunnel(): void {
    const observer = this.#observer!
    this.#observer = undefined
    observer.onResponseEnd(this.#decoder.trailers)
    this.close()
  }

  onClose(): void {
    const observer = this.#observer
    this.#observer = undefined
    if (!this.#gone) {
      this.#gone = true
      this.#home.onGone(this)
    }
    observer?.onUpstreamReset('connection termination')
  }

  onDrain(): void {
    this.#observer?.onUpstreamDrain()
  }

  /** "Keep-Alive: timeout=5": be gone a second before the server is, so that no request meets its FIN. */
  #heedKeepAlive(head: ResponseHead): void {
    const hint = head.fields.getById(KEEP_ALIVE)
    const seconds = hint === undefined ? undefined : /timeout=([0-9]{1,6})/i.exec(hint)?.[1]
    if (seconds === undefined) return
    const hintedMs = Math.max(500, Number(seconds) * 1000 - 1000)
    if (this.#idleTimeoutMs === 0 || hintedMs < this.#idleTimeoutMs) this.#armIdleTimeout(hintedMs)
  }

  #armIdleTimeout(idleTimeoutMs: number): void {
    this.#idleTimeoutMs = idleTimeoutMs
    this.connection.setIdleTimeout(idleTimeoutMs, () => {
      // A request under way has timeouts of its own.
      if (this.#observer === undefined) this.close()
      else this.#armIdleTimeout(this.#idleTimeoutMs)
    })
  }
}
