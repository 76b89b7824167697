import { writeSync } from 'node:fs'
import type { Server, Socket } from 'node:net'

/**
 * What Node keeps behind a socket: undocumented, so all that we touch of it is in this file.
 * Without it everything still works, through the socket's own stream and without original destinations.
 */
interface TcpHandle {
  /** The file descriptor; -1 once it is closed. */
  readonly fd: number
}

interface SocketInside {
  readonly _handle?: TcpHandle | null
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
