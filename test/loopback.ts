import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { TimerWheel } from '#base/timer-wheel.ts'
import type { ConnectionReader } from '#proxy/connection/connection.ts'
import { OutBuffer } from '#proxy/connection/out-buffer.ts'
import { ReadBuffer } from '#proxy/connection/read-buffer.ts'
import { type ConnectionEnv, SocketConnection } from '#proxy/connection/socket-connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { takeAccepted } from '#proxy/connection/tcp-handle.ts'

/** A server on 127.0.0.1 (or `host`) that ends with the test, and whatever it still serves with it. */
export async function listenOnLoopback(
  t: TestContext,
  serve: (socket: Socket) => void = () => {},
  host = '127.0.0.1',
): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    serve(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

/** Begins to dial a port on 127.0.0.1; the socket ends with the test. */
export function beginDial(t: TestContext, port: number, host = '127.0.0.1'): Socket {
  const socket = connect({ port, host, allowHalfOpen: true })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  return socket
}

/** The same, connected. */
export async function dialLoopback(t: TestContext, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = beginDial(t, port, host)
  await once(socket, 'connect')
  return socket
}

/** What connections need, made for one test. */
export function connectionEnv(t: TestContext): ConnectionEnv {
  const wheel = new TimerWheel(10)
  t.after(() => wheel.close())
  return { wheel, readBuffer: new ReadBuffer(), out: new OutBuffer() }
}

/** One accepted Connection and the plain client socket at its other end. */
export async function connectionPair(
  t: TestContext,
  env: ConnectionEnv = connectionEnv(t),
): Promise<{ connection: SocketConnection; client: Socket }> {
  const { server, port } = await listenOnLoopback(t)
  const accepted = new Promise<SocketConnection>((resolve) => {
    takeAccepted(server, (handle) => resolve(new SocketConnection(env, new StreamInfo(0, 0), handle)))
  })
  const client = await dialLoopback(t, port)
  const connection = await accepted
  t.after(() => connection.destroy())
  return { connection, client }
}

/** A reader that keeps what it is told, and lets a test wait for it. */
export class RecordingReader implements ConnectionReader {
  readonly chunks: Buffer[] = []
  ended = false
  drained = 0
  closes: (Error | undefined)[] = []
  /** What onBytes answers: false pauses. */
  goOn = true
  private waiting: (() => void)[] = []

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  onBytes(chunk: Buffer): boolean {
    this.chunks.push(Buffer.from(chunk))
    this.wake()
    return this.goOn
  }

  onEnd(): void {
    this.ended = true
    this.wake()
  }

  onClose(error: Error | undefined): void {
    this.closes.push(error)
    this.wake()
  }

  onDrain(): void {
    this.drained++
    this.wake()
  }

  /** Settles when `condition` holds, looked at after each event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

/** Everything a plain socket receives until its peer's FIN or its close. */
export function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => {
    socket.once('end', () => resolve(Buffer.concat(chunks)))
    socket.once('close', () => resolve(Buffer.concat(chunks)))
  })
}

/** How a socket comes to its close: "end" after the peer's FIN, which it answers with its own, or the error's code. */
export function closeOf(socket: Socket): Promise<string> {
  let code = 'end'
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? 'error'
  })
  socket.on('end', () => socket.end()).resume()
  return new Promise((resolve) => socket.once('close', () => resolve(code)))
}
