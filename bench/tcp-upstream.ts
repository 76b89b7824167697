/**
 * The upstream of the TCP measurements: `node bench/tcp-upstream.ts ECHO-PORT SOURCE-PORT`.
 * The echo port sends every byte back; the source port reads a decimal count and a line end, then sends that many bytes.
 */
import { createServer, type Socket } from 'node:net'

const BLOCK = Buffer.alloc(256 * 1024, 'postern.')
const [echoPort, sourcePort] = process.argv.slice(2).map(Number)

function send(socket: Socket, count: number): void {
  let left = count
  const more = (): void => {
    while (left > 0) {
      const size = Math.min(left, BLOCK.length)
      left -= size
      if (!socket.write(BLOCK.subarray(0, size))) {
        socket.once('drain', more)
        return
      }
    }
    socket.end()
  }
  more()
}

createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => socket.write(chunk))
}).listen(echoPort, '127.0.0.1')

createServer((socket) => {
  socket.on('error', () => socket.destroy())
  socket.once('data', (chunk) => send(socket, Number(chunk.toString('latin1'))))
}).listen(sourcePort, '127.0.0.1')
