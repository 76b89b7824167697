import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { type TimerWheel, WheelTimer } from '#base/timer-wheel.ts'
import type { Connection, ConnectionReader } from './connection.ts'
import type { OutBuffer, Sender } from './out-buffer.ts'
import type { ReadBuffer } from './read-buffer.ts'
import type { StreamInfo } from './stream-info.ts'
import { QUEUED, REFUSED, type Writer, writeAtOnce, writeText } from './tcp-handle.ts'

/** What the connections of one proxy share. */
export interface ConnectionEnv {
  readonly wheel: TimerWheel
  readonly readBuffer: ReadBuffer
  readonly out: OutBuffer
  /** Where it is kept: every connection whose socket is not gone yet. */
  readonly open?: Set<Connection>
}

/** A socket that knows its connection, so that its handlers are module-level functions and no closures. */
class ConnectionSocket extends Socket {
  connection: SocketConnection | undefined = undefined
}

/** What is longer than this goes at once: copying it would cost more than a system call of its own. */
const MOST_GATHERED_BYTES = 16 * 1024
/** As text a small message is cheaper to gather and to write; a larger one costs more, because text is made anew at each step. */
const MOST_TEXT_BYTES = 2048
const NOTHING_HELD = Buffer.alloc(0)

/** A connection over a TCP or Unix socket. Bytes come through `onread`, past Node's stream machinery. */
export class SocketConnection implements Connection, Sender, Writer {
  readonly info: StreamInfo
  readonly socket: Socket
  closed = false
  /** Bytes put back with `unread`, or read while nobody was there to take them. */
  private held: Buffer = NOTHING_HELD
  private reader: ConnectionReader | undefined = undefined
  private paused = false
  /** The kernel's send buffer was full: Node has the rest. */
  blocked = false
  /** Written, small, and not sent yet; latin-1. Larger things are gathered in the OutBuffer, behind what was here. */
  private gathered = ''
  private peerEnded = false
  private endDelivered = false
  private gone = false
  private error: Error | undefined = undefined
  private readonly env: ConnectionEnv
  private lastActiveTick = 0
  private idleTicks = 0
  private idleTimer: WheelTimer | undefined = undefined

  /** @param handle an accepted socket's handle; undefined makes a socket that has yet to connect */
  constructor(env: ConnectionEnv, info: StreamInfo, handle: unknown) {
    this.env = env
    this.info = info
    const socket = new ConnectionSocket(socketOptions(env, handle))
    socket.connection = this
    socket.on('error', onError).on('close', onClose).on('end', onEnd).on('drain', onDrain)
    this.socket = socket
    env.open?.add(this)
  }

  setReader(reader: ConnectionReader): void {
    this.reader = reader
    this.endDelivered = false
    if (this.gone) {
      reader.onClose(this.error)
      return
    }
    this.resume()
  }

  unread(chunk: Buffer): void {
    this.held = this.held.length === 0 ? Buffer.from(chunk) : Buffer.concat([chunk, this.held])
  }

  pause(): void {
    this.paused = true
    if (!this.closed) this.socket.pause()
  }

  resume(): void {
    this.paused = false
    if (this.closed) return
    this.deliverHeld()
    if (!this.paused && !this.closed) this.socket.resume()
  }

  write(chunk: Buffer): boolean {
    return this.sendNow(chunk, 0, chunk.length)
  }

  gather(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start
    if (length > MOST_GATHERED_BYTES) return this.sendNow(bytes, start, end)
    if (this.closed) return true
    this.lastActiveTick = this.env.wheel.tick
    if (this.gathersText(length)) this.addText(bytes.toString('latin1', start, end))
    else this.makeRoom(length).copy(bytes, start, end)
    return !this.blocked
  }

  gatherText(text: string): boolean {
    if (text.length > MOST_GATHERED_BYTES) return this.sendNow(Buffer.from(text, 'latin1'), 0, text.length)
    if (this.closed) return true
    this.lastActiveTick = this.env.wheel.tick
    if (this.gathersText(text.length)) this.addText(text)
    else this.makeRoom(text.length).write(text)
    return !this.blocked
  }

  flush(): void {
    const { out } = this.env
    const text = this.gathered
    if (text !== '') {
      this.gathered = ''
      this.passText(text)
    } else if (out.isHeldBy(this)) this.pass(out.bytes, 0, out.release())
  }

  end(): void {
    if (this.closed) return
    this.flush()
    this.socket.end()
  }

  destroy(reset = false): void {
    if (this.closed) return
    this.flush()
    this.closed = true
    this.stopIdleTimer()
    // Only TCP knows RST; a Unix socket is simply closed.
    if (reset && this.socket.remoteFamily !== undefined) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  setIdleTimeout(idleTimeoutMs: number, onIdle: () => void): void {
    this.stopIdleTimer()
    if (idleTimeoutMs === 0 || this.closed) return
    const { wheel } = this.env
    this.idleTicks = Math.ceil(idleTimeoutMs / wheel.tickMs)
    this.lastActiveTick = wheel.tick
    // Activity only leaves a mark; the timer looks at it when it expires, and waits for the rest.
    const timer = new WheelTimer(() => {
      const restTicks = this.lastActiveTick + this.idleTicks - wheel.tick
      if (restTicks > 0) wheel.schedule(timer, restTicks * wheel.tickMs)
      else onIdle()
    })
    this.idleTimer = timer
    wheel.schedule(timer, idleTimeoutMs)
  }

  /** So many bytes are in the read buffer; false stops reading. Called by this file's handlers only, as are the methods below. */
  takeBytes(length: number): boolean {
    if (this.closed) return false
    const chunk = this.env.readBuffer.view(length)
    this.lastActiveTick = this.env.wheel.tick
    if (this.reader === undefined || this.held.length > 0) {
      this.held = Buffer.concat([this.held, chunk])
      this.paused = true
      return false
    }
    this.deliver(chunk)
    return !this.paused
  }

  takeEnd(): void {
    this.peerEnded = true
    this.deliverEnd()
  }

  takeError(error: Error): void {
    if (!this.closed) this.error = error
    this.closed = true
  }

  takeClose(): void {
    this.closed = true
    this.gone = true
    this.env.open?.delete(this)
    this.stopIdleTimer()
    this.reader?.onClose(this.error)
  }

  takeWritten(): void {
    // Else what was written since waits in the stream, and 'drain' follows.
    if (!this.socket.writableNeedDrain) this.takeDrain()
  }

  takeDrain(): void {
    this.blocked = false
    if (!this.closed) this.reader?.onDrain()
  }

  private gathersText(length: number): boolean {
    return this.gathered.length + length <= MOST_TEXT_BYTES && !this.env.out.isHeldBy(this)
  }

  private addText(text: string): void {
    if (this.gathered === '') this.env.out.add(this)
    this.gathered += text
  }

  /** The buffer, with what is gathered in it and room for so much more. */
  private makeRoom(length: number): OutBuffer {
    const { out } = this.env
    if (out.isHeldBy(this)) {
      if (out.room >= length) return out
      this.flush()
    }
    if (this.gathered === '') out.add(this)
    out.giveTo(this)
    out.write(this.gathered)
    this.gathered = ''
    return out
  }

  private sendNow(bytes: Buffer, start: number, end: number): boolean {
    if (this.closed) return true
    this.lastActiveTick = this.env.wheel.tick
    this.flush()
    this.pass(bytes, start, end)
    return !this.blocked
  }

  /** What the kernel does not take at once is copied. */
  private pass(bytes: Buffer, start: number, end: number): void {
    if (this.closed) return
    const rest = start + (this.blocked ? 0 : writeAtOnce(this.socket, bytes, start, end))
    if (rest < end) this.leaveToStream(Buffer.from(bytes.subarray(rest, end)))
  }

  private passText(text: string): void {
    if (this.closed) return
    const outcome = this.blocked ? REFUSED : writeText(this.socket, text, this)
    if (outcome === QUEUED) this.blocked = true
    else if (outcome === REFUSED) this.leaveToStream(Buffer.from(text, 'latin1'))
  }

  private leaveToStream(bytes: Buffer): void {
    // `write` says true when there was room again already: then no 'drain' follows.
    this.blocked = !this.socket.write(bytes)
  }

  private deliver(chunk: Buffer): void {
    const { reader } = this
    // Whoever was replaced while it had the bytes no longer decides.
    if (reader?.onBytes(chunk) === false && reader === this.reader) this.paused = true
  }

  private deliverHeld(): void {
    while (this.held.length > 0 && !this.paused && !this.closed && this.reader !== undefined) {
      const chunk = this.held
      this.held = NOTHING_HELD
      this.deliver(chunk)
    }
    this.deliverEnd()
  }

  private deliverEnd(): void {
    if (!this.peerEnded || this.endDelivered || this.closed || this.reader === undefined) return
    if (this.held.length > 0 || this.paused) return
    this.endDelivered = true
    this.reader.onEnd()
  }

  private stopIdleTimer(): void {
    if (this.idleTimer === undefined) return
    this.env.wheel.cancel(this.idleTimer)
    this.idleTimer = undefined
  }
}

function socketOptions(env: ConnectionEnv, handle: unknown): SocketConstructorOpts {
  const options = {
    allowHalfOpen: true,
    // Whatever the kernel did not take at once is "full": every such write is followed by 'drain'.
    writableHighWaterMark: 0,
    onread: { buffer: env.readBuffer.bytes, callback: onRead as OnReadOpts['callback'] },
  }
  return handle === undefined ? options : ({ ...options, handle } as unknown as SocketConstructorOpts)
}

// Node calls it as a method of the socket.
function onRead(this: ConnectionSocket, bytesRead: number): boolean {
  return this.connection?.takeBytes(bytesRead) ?? false
}

function onEnd(this: ConnectionSocket): void {
  this.connection?.takeEnd()
}

function onError(this: ConnectionSocket, error: Error): void {
  this.connection?.takeError(error)
}

function onClose(this: ConnectionSocket): void {
  this.connection?.takeClose()
}

function onDrain(this: ConnectionSocket): void {
  this.connection?.takeDrain()
}
