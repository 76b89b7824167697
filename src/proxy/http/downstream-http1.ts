import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { type CodecFault, HEAD_TIMEOUT } from './codec/codec-fault.ts'
import type { Fields } from './codec/fields.ts'
import { CHUNKED, type Framing, UNTIL_CLOSE } from './codec/framing.ts'
import type { RequestHead, ResponseHead } from './codec/message-head.ts'
import { RequestDecoder } from './codec/request-decoder.ts'
import { Exchange } from './exchange.ts'
import { type ConnectionOption, informationalText, responseText } from './head/response-text.ts'
import type { Drainable, ManagerEnv } from './http-proxy.ts'
import { refuseMalformed } from './malformed.ts'
import type { DownstreamStream, OutgoingResponse } from './stream.ts'
import { writeBody, writeLastChunk } from './write-body.ts'

/** A client that sends this much of a body behind its answer is cut off. */
const MOST_UNWANTED_BYTES = 1024 * 1024
/** How long a client may take to read the last answer before the connection goes (Envoy's delayed_close_timeout). */
const LINGER_MS = 1000

/** A client's HTTP/1.x connection: one request after the other; pipelined ones wait unread. */
export class DownstreamHttp1 implements ConnectionReader, DownstreamStream, Drainable {
  readonly connection: Connection
  readonly #env: ManagerEnv
  readonly #decoder = new RequestDecoder()
  #exchange: Exchange | undefined = undefined
  #requestEnded = false
  #responseEnded = false
  #keepAlive = true
  #chunked = false
  #tunnel = false
  #advancing = false
  #paused = false
  #closing = false
  #unwantedBytes = 0
  /** Bytes of the next request, which came before the response to this one was complete. */
  #held: Buffer | undefined = undefined
  #idleSinceMs = performance.now()

  constructor(env: ManagerEnv, connection: Connection) {
    this.#env = env
    this.connection = connection
    this.#armIdleTimeout()
    env.http.open.add(this)
    connection.setReader(this)
  }

  get writeBlocked(): boolean {
    return this.connection.blocked
  }

  onBytes(chunk: Buffer): boolean {
    if (this.#closing) return true
    if (this.#tunnel) this.#exchange?.onRequestBody(chunk, 0, chunk.length)
    else if (this.#held !== undefined) this.#held = Buffer.concat([this.#held, chunk])
    else this.#decode(chunk)
    this.#paused = this.#mustPause()
    return !this.#paused
  }

  #mustPause(): boolean {
    return this.#held !== undefined || (this.#exchange?.requestBlocked === true && !this.#exchange.finished)
  }

  #decode(chunk: Buffer): void {
    this.#decoder.feed(chunk)
    this.#advance()
    const rest = this.#decoder.takeRest()
    if (rest.length > 0 && !this.#closing) this.#stash(rest)
  }

  #stash(rest: Buffer): void {
    if (this.#tunnel) this.#exchange?.onRequestBody(rest, 0, rest.length)
    else this.#held = Buffer.from(rest)
  }

  /** Goes through what the decoder has, up to the end of a request whose response is not complete. */
  #advance(): void {
    this.#advancing = true
    while (!this.#closing && !this.#tunnel && !(this.#exchange !== undefined && this.#requestEnded)) {
      const event = this.#decoder.next()
      if (event === 'more') break
      if (event === 'head') this.#begin(this.#decoder.head!)
      else if (event === 'body') this.#takeBody()
      else if (event === 'end') {
        this.#requestEnded = true
        this.#exchange?.onRequestEnd(this.#decoder.trailers)
        this.#settle()
      } else this.#refuse(this.#decoder.fault!)
    }
    this.#advancing = false
  }

  #begin(head: RequestHead): void {
    this.#requestEnded = false
    this.#responseEnded = false
    this.#unwantedBytes = 0
    this.#keepAlive = head.keepAlive && head.method !== 'CONNECT'
    this.#exchange = new Exchange(this.#env, this, head, this.connection.info)
    this.#exchange.start()
  }

  #takeBody(): void {
    const { dataStart, dataEnd, bytes } = this.#decoder
    const exchange = this.#exchange
    exchange?.onRequestBody(bytes, dataStart, dataEnd)
    if (exchange?.finished !== true) return
    this.#unwantedBytes += dataEnd - dataStart
    if (this.#unwantedBytes > MOST_UNWANTED_BYTES) this.#close()
  }

  sendInformational(head: ResponseHead): void {
    this.connection.gatherText(informationalText(head))
  }

  sendHead({ head, framing, added }: OutgoingResponse): void {
    const exchange = this.#exchange!
    const request = exchange.head
    const http11 = request.protocol === 'HTTP/1.1'
    const carried: Framing = framing < 0 ? (http11 ? CHUNKED : UNTIL_CLOSE) : framing
    this.#chunked = carried === CHUNKED
    // Without its 100 the client may send its body or leave it out: what follows could not be told apart.
    const doubtful = request.expectsContinue && !this.#requestEnded
    if (carried === UNTIL_CLOSE || doubtful || this.#env.http.filter.draining()) this.#keepAlive = false
    const option: ConnectionOption =
      head.status === 101 ? 'Upgrade' : !this.#keepAlive ? 'close' : http11 ? '' : 'keep-alive'
    this.connection.gatherText(responseText({ head, framing: carried, added }, option))
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    writeBody(this.connection, this.#chunked, bytes, start, end)
  }

  sendEnd(trailers: Fields): void {
    if (this.#chunked) writeLastChunk(this.connection, trailers)
    this.#chunked = false
    this.#responseEnded = true
    this.#settle()
  }

  startTunnel(): void {
    this.#tunnel = true
    this.#keepAlive = false
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#exchange?.onRequestBody(held, 0, held.length)
    // Reading paused when the client spoke on before the tunnel was there.
    this.resume()
  }

  reset(): void {
    this.#closing = true
    this.connection.destroy()
  }

  resume(): void {
    if (!this.#paused || this.#mustPause()) return
    this.#paused = false
    this.connection.resume()
  }

  /** Both halves done: the connection closes, or the next request has its turn. */
  #settle(): void {
    if (!this.#responseEnded || this.#closing) return
    if (!this.#keepAlive) {
      this.#close()
      return
    }
    if (!this.#requestEnded) {
      this.resume()
      return
    }
    this.#idleSinceMs = this.#exchange?.info.endMs ?? performance.now()
    this.#exchange = undefined
    if (this.#advancing) return
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#decode(held)
    this.resume()
  }

  /** Says that nothing more will come, and gives the client time to read what did: closing with unread bytes would reset it away. */
  #close(): void {
    if (this.#closing) return
    this.#closing = true
    this.connection.end()
    this.connection.setIdleTimeout(LINGER_MS, () => this.connection.destroy())
    if (this.#paused) {
      this.#paused = false
      this.connection.resume()
    }
  }

  #refuse(fault: CodecFault): void {
    const exchange = this.#exchange
    this.#keepAlive = false
    if (exchange === undefined) refuseMalformed(this.#env, this.connection, fault)
    else exchange.onDownstreamFault(fault)
    this.#close()
  }

  onEnd(): void {
    // As Envoy and nginx see it, a client that half-closes has gone: work that nobody waits for is given up.
    this.#closing = true
    this.#exchange?.onDownstreamClosed()
    this.connection.end()
    this.connection.destroy()
  }

  onClose(): void {
    this.#closing = true
    this.#env.http.open.delete(this)
    this.#exchange?.onDownstreamClosed()
    this.#exchange = undefined
  }

  drain(): void {
    if (this.#exchange === undefined && this.#decoder.atRest) this.#close()
  }

  onDrain(): void {
    this.#exchange?.onDownstreamDrain()
  }

  #armIdleTimeout(): void {
    const { idleTimeoutMs, streamIdleTimeoutMs } = this.#env.config
    const waits = [idleTimeoutMs, streamIdleTimeoutMs].filter((ms) => ms > 0)
    if (waits.length > 0) this.connection.setIdleTimeout(Math.min(...waits), () => this.#onIdle())
  }

  #onIdle(): void {
    const { idleTimeoutMs, streamIdleTimeoutMs } = this.#env.config
    const exchange = this.#exchange
    if (exchange === undefined && !this.#decoder.atRest && streamIdleTimeoutMs > 0) this.#refuse(HEAD_TIMEOUT)
    else if (exchange === undefined) {
      const idleMs = performance.now() - this.#idleSinceMs
      if (idleTimeoutMs > 0 && idleMs >= idleTimeoutMs) this.#close()
      else this.#armIdleTimeout()
    } else if (streamIdleTimeoutMs > 0 && !this.#tunnel) {
      this.#keepAlive = false
      exchange.onIdle()
    } else this.#armIdleTimeout()
  }
}
