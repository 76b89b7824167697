import { writeSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'

/**
 * What Node keeps behind a socket: undocumented, so all that we touch of it is in this file.
 * Without it everything still works, through the socket's own stream and without original destinations.
 */
interface StreamHandle {
  /** The file descriptor; -1 once it is closed. */
  readonly fd: number
  /** Writes what the kernel takes, and queues a copy of the rest for `request`. An error's number, or 0. */
  writeLatin1String?(request: WriteRequest, text: string): number
}

interface SocketInside {
  readonly _handle?: StreamHandle | null
}

/** Stands for what of a write was queued. */
interface WriteRequest {
  /** Set before, called when all of it went or failed: with 0 or the error's number. */
  oncomplete?: (status: number) => void
}

/** The binding of Node's streams. */
interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest
  /** Notes on the last operation. */
  readonly streamBaseState: Int32Array
  /** Of them, the one that is not 0 when something was queued. */
  readonly kLastWriteWasAsync: number
}

/** The socket's file descriptor, or -1 when it has none (closed, or not connecting yet). Asked anew each time: a closed number may be another's. */
export function fileDescriptorOf(socket: Socket): number {
  return (socket as unknown as SocketInside)._handle?.fd ?? -1
}

/**
 * Writes what the kernel takes of `bytes[start, end)` at once and says how many bytes that were: 0 when the send buffer is full.
 * 0 as well when the socket is broken: the stream's own write, which has to follow, reports the error in the ordinary way.
 * Only for a socket whose stream has nothing queued.
 */
export function writeAtOnce(socket: Socket, bytes: Buffer, start: number, end: number): number {
  const fd = fileDescriptorOf(socket)
  if (fd < 0) return 0
  try {
    return writeSync(fd, bytes, start, end - start)
  } catch {
    return 0
  }
}

interface ProcessInside {
  binding?(name: string): Partial<StreamWrap> | undefined
  readonly noDeprecation?: boolean
}

const streamWrap = findStreamWrap()
/** Whose turn it is to stand for a rest. Used again and again while the kernel takes everything. */
let request = newRequest()

function findStreamWrap(): StreamWrap | undefined {
  const { binding, noDeprecation } = process as unknown as ProcessInside
  // None of the user's business: by NODE_OPTIONS a warning would be shown, or end the run.
  Object.assign(process, { noDeprecation: true })
  try {
    const found = binding?.('stream_wrap')
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = found ?? {}
    const whole = WriteWrap !== undefined && streamBaseState !== undefined && kLastWriteWasAsync !== undefined
    return whole ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined
  } catch {
    return undefined
  } finally {
    Object.assign(process, { noDeprecation })
  }
}

function newRequest(): WriteRequest | undefined {
  return streamWrap === undefined ? undefined : new streamWrap.WriteWrap()
}

/** What became of a text: all of it went; a rest is queued, of which `takeWritten` will tell; none of it went. */
export const WRITTEN = 0
export const QUEUED = 1
export const REFUSED = 2

/** Who waits until the kernel has a text. */
export interface Writer {
  takeWritten(): void
}

/**
 * Writes a text past the stream, whose own write has to follow when it is refused: the socket is broken, which the stream reports in the
 * ordinary way, or Node is not as we know it. What is queued and fails destroys the socket.
 * Only for a socket with nothing queued, here or by its stream.
 * @param text latin-1; of more than 16 KB nothing is tried at once
 */
export function writeText(socket: Socket, text: string, writer: Writer): number {
  const handle = (socket as unknown as SocketInside)._handle
  if (streamWrap === undefined || request === undefined || handle?.writeLatin1String === undefined) return REFUSED
  const failed = handle.writeLatin1String(request, text) !== 0
  const queued = streamWrap.streamBaseState[streamWrap.kLastWriteWasAsync] !== 0
  if (!failed && !queued) return WRITTEN
  const ours = request
  request = newRequest()
  if (failed) return REFUSED
  ours.oncomplete = (status) => {
    if (status === 0) writer.takeWritten()
    else socket.destroy(writeError(status))
  }
  return QUEUED
}

function writeError(status: number): Error {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: 'write' })
}

interface ServerInside {
  _handle?: { onconnection?: (status: number, handle: unknown) => void } | null
}

interface DetachableSocket {
  _handle?: { readStop?: () => void } | null
}

/**
 * Hands every connection that `server` accepts to `take` as a bare handle, for a socket with `onread` to be built on:
 * Node's own server would build a socket first that cannot be given one.
 */
export function takeAccepted(server: Server, take: (handle: unknown) => void): void {
  const inside = server as unknown as ServerInside
  if (typeof inside._handle?.onconnection === 'function') {
    // A failed accept (out of descriptors, say) leaves the connection in the backlog, where it waits or is refused.
    inside._handle.onconnection = (_status, handle) => {
      if (handle !== undefined && handle !== null) take(handle)
    }
    return
  }
  server.on('connection', (socket) => {
    const detached = socket as unknown as DetachableSocket
    const handle = detached._handle
    handle?.readStop?.()
    detached._handle = null
    if (handle !== undefined && handle !== null) take(handle)
  })
}
