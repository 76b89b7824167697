import type { Socket } from 'node:net'

/** Answers one message; called again for each that follows on the same connection. */
export type AnswerQuery = (query: Buffer, take: (answer: Buffer) => void) => void

const IDLE_MS = 10_000
/** Answers that wait for a client which does not read: beyond this it is cut off. */
const MAX_UNSENT_BYTES = 262_144
/** Longer than any question; the length field allows 65,535. */
const MAX_QUERY_BYTES = 4096

/** Serves queries on one connection (RFC 7766): length prefixes, as many at once as the client likes, answers as they come. */
export function serveTcpQueries(socket: Socket, answerQuery: AnswerQuery): void {
  let received: Buffer = Buffer.alloc(0)
  const take = (answer: Buffer) => {
    if (socket.destroyed) return
    const framed = Buffer.allocUnsafe(2 + answer.length)
    framed.writeUInt16BE(answer.length, 0)
    answer.copy(framed, 2)
    socket.write(framed)
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy()
  }
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    let at = 0
    while (at + 2 <= received.length && !socket.destroyed) {
      const length = received.readUInt16BE(at)
      if (length > MAX_QUERY_BYTES) {
        socket.destroy()
        return
      }
      if (at + 2 + length > received.length) break
      answerQuery(received.subarray(at + 2, at + 2 + length), take)
      at += 2 + length
    }
    received = Buffer.from(received.subarray(at))
  })
}
