import type { Connection } from '#proxy/connection/connection.ts'

/** A connection that is written to through an OutBuffer. */
export interface Sink {
  readonly connection: Connection
  /** The kernel did not take everything: set by the OutBuffer, cleared by the owner in onDrain. */
  writeBlocked: boolean
}

const BUFFER_BYTES = 64 * 1024

/**
 * Gathers what is written to a connection while one event is handled, so that a head and its body leave in one system call.
 * One for all connections of a proxy: writing to another connection sends what was gathered for the one before.
 * Whoever handles an event calls `flush` at its end, and before it ends or destroys a connection.
 */
export class OutBuffer {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #length = 0
  #sink: Sink | undefined = undefined

  /** @param text latin-1 */
  text(sink: Sink, text: string): void {
    if (text.length > BUFFER_BYTES) {
      this.bytes(sink, Buffer.from(text, 'latin1'), 0, text.length)
      return
    }
    this.#makeRoom(sink, text.length)
    this.#length += this.#buffer.write(text, this.#length, 'latin1')
  }

  /** `source` is read before this returns. */
  bytes(sink: Sink, source: Buffer, start: number, end: number): void {
    const length = end - start
    if (length > BUFFER_BYTES / 4) {
      // What was gathered goes first, to whichever connection it is for: a small head and a large body are two writes, never three.
      this.flush()
      send(sink, start === 0 && end === source.length ? source : source.subarray(start, end))
      return
    }
    this.#makeRoom(sink, length)
    source.copy(this.#buffer, this.#length, start, end)
    this.#length += length
  }

  /** The bytes as one chunk of a chunked body (RFC 9112, 7.1); `end` lies behind `start`. */
  chunk(sink: Sink, source: Buffer, start: number, end: number): void {
    this.text(sink, `${(end - start).toString(16)}\r\n`)
    this.bytes(sink, source, start, end)
    this.text(sink, '\r\n')
  }

  flush(): void {
    const sink = this.#sink
    if (sink === undefined) return
    const length = this.#length
    this.#sink = undefined
    this.#length = 0
    send(sink, this.#buffer.subarray(0, length))
  }

  #makeRoom(sink: Sink, length: number): void {
    if (this.#sink !== sink || this.#length + length > BUFFER_BYTES) this.flush()
    this.#sink = sink
  }
}

function send(sink: Sink, bytes: Buffer): void {
  if (!sink.connection.write(bytes)) sink.writeBlocked = true
}
