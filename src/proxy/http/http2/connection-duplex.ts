import { Duplex } from 'node:stream'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'

/** A Connection as the stream that node:http2 works on. Copies what it reads, because streams keep their chunks. */
export class ConnectionDuplex extends Duplex implements ConnectionReader {
  readonly #connection: Connection
  #afterDrain: (() => void) | undefined = undefined

  constructor(connection: Connection) {
    super({ allowHalfOpen: true })
    this.#connection = connection
    connection.setReader(this)
  }

  onBytes(chunk: Buffer): boolean {
    return this.push(Buffer.from(chunk))
  }

  onEnd(): void {
    this.push(null)
  }

  onClose(error: Error | undefined): void {
    this.destroy(error)
  }

  onDrain(): void {
    const afterDrain = this.#afterDrain
    this.#afterDrain = undefined
    afterDrain?.()
  }

  override _read(): void {
    this.#connection.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#connection.write(chunk)) done()
    else this.#afterDrain = done
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'latin1', done)
  }

  override _final(done: () => void): void {
    this.#connection.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.destroy()
    done(error)
  }
}
