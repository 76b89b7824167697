import type { Connection } from '#proxy/connection/connection.ts'
import type { Fields } from './codec/fields.ts'

/** A piece of a body, from `start` to `end` of `bytes`; as one chunk of a chunked body (RFC 9112, 7.1) if it is one. The piece is not empty. */
export function writeBody(connection: Connection, chunked: boolean, bytes: Buffer, start: number, end: number): void {
  if (chunked) connection.gatherText(`${(end - start).toString(16)}\r\n`)
  connection.gather(bytes, start, end)
  if (chunked) connection.gatherText('\r\n')
}

/** The end of a chunked body (RFC 9112, 7.1.2). */
export function writeLastChunk(connection: Connection, trailers: Fields): void {
  connection.gatherText(`0\r\n${trailers.text.slice(0, trailers.end)}\r\n`)
}
