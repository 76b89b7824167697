import type { Socket } from 'node:net'

/**
 * Connects `socket` to an IP address and port, or to the Unix socket at path `address` when `port` is 0.
 * Failures come as the socket's 'error' and 'close'.
 */
export function connectSocket(socket: Socket, address: string, port: number, onConnect: () => void): void {
  socket.once('connect', onConnect)
  if (port === 0) {
    socket.connect({ path: address })
    return
  }
  // The host is an IP address: nothing is looked up, and the family is its own.
  socket.connect({ host: address, port })
  socket.setNoDelay(true)
}
