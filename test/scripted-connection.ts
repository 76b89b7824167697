import { SocketAddress } from '#base/socket-address.ts'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'

/** A connection without a socket: says its bytes to whoever reads, and keeps what is written. All in one call stack. */
export class ScriptedConnection implements Connection {
  readonly info = new StreamInfo(0, 0)
  closed = false
  readonly blocked = false
  readonly written: Buffer[] = []
  #held: Buffer
  #reader: ConnectionReader | undefined = undefined
  #closeTold = false

  /** @param bytes all that the client says */
  constructor(destination: { readonly address: string; readonly port: number }, bytes: Buffer) {
    this.info.downstreamLocal = new SocketAddress(destination.address, destination.port)
    this.#held = bytes
  }

  /** Says the client's FIN, and then the socket's close, to who has not heard of it. */
  hangUp(): void {
    if (!this.closed) this.#reader?.onEnd()
    this.destroy()
    if (this.#closeTold) return
    this.#closeTold = true
    this.#reader?.onClose(undefined)
  }

  setReader(reader: ConnectionReader): void {
    this.#reader = reader
    const bytes = this.#held
    this.#held = Buffer.alloc(0)
    if (bytes.length > 0) reader.onBytes(bytes)
  }

  unread(chunk: Buffer): void {
    this.#held = Buffer.concat([chunk, this.#held])
  }

  pause(): void {}

  resume(): void {}

  write(chunk: Buffer): boolean {
    this.written.push(Buffer.from(chunk))
    return true
  }

  gather(bytes: Buffer, start: number, end: number): boolean {
    return this.write(bytes.subarray(start, end))
  }

  gatherText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'))
  }

  end(): void {}

  destroy(): void {
    this.closed = true
  }

  setIdleTimeout(): void {}
}
