import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { type Question, writeQuery } from './query.ts'
import { OUR_UDP_SIZE } from './reply.ts'
import { type ReadResponse, readResponse } from './upstream-answer.ts'

/** A resolver of the host. */
export interface Nameserver {
  /** An IP address. */
  readonly address: string
  /** 53 nearly always. */
  readonly port: number
}

/** What one exchange ended with; "none": timed out, refused, or cut off. */
export type ExchangeResult = Exclude<ReadResponse, { kind: 'foreign' }> | { readonly kind: 'none' }

const NONE: ExchangeResult = { kind: 'none' }

/** Sockets in use, so that closing the resolver ends them. */
export type OpenExchanges = Set<() => void>

/**
 * One question to one server over UDP: a socket, a port and an id of its own each time, so that an answer cannot be guessed.
 * Bytes that are not the answer are ignored; the true one may still come.
 */
export function exchangeUdp(
  server: Nameserver,
  question: Question,
  timeoutMs: number,
  open: OpenExchanges,
): Promise<ExchangeResult> {
  return bounded(timeoutMs, open, (finish) => {
    const id = randomInt(0x10000)
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
    let closed = false
    socket.on('error', () => finish(NONE))
    socket.on('message', (bytes) => {
      const response = readResponse(bytes, id, question)
      if (response.kind !== 'foreign') finish(response)
    })
    socket.connect(server.port, server.address, () => {
      if (!closed) socket.send(writeQuery(id, question, OUR_UDP_SIZE))
    })
    return () => {
      closed = true
      socket.close()
    }
  })
}

/** One question to one server over TCP, after an answer that did not fit a datagram. */
export function exchangeTcp(
  server: Nameserver,
  question: Question,
  timeoutMs: number,
  open: OpenExchanges,
): Promise<ExchangeResult> {
  return bounded(timeoutMs, open, (finish) => {
    const id = randomInt(0x10000)
    const query = writeQuery(id, question, OUR_UDP_SIZE)
    const socket = connect(server.port, server.address)
    let received: Buffer = Buffer.alloc(0)
    socket.on('error', () => finish(NONE)).on('close', () => finish(NONE))
    socket.on('connect', () =>
      socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 255]), query])),
    )
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const response = readResponse(received.subarray(2, 2 + received.readUInt16BE(0)), id, question)
      finish(response.kind === 'foreign' ? NONE : response)
    })
    return () => socket.destroy()
  })
}

type Finish = (result: ExchangeResult) => void

/**
 * The result that `begin` gives first, or "none" when the time is up or the resolver closes.
 * @param begin starts the exchange, and returns what closes its socket
 */
function bounded(timeoutMs: number, open: OpenExchanges, begin: (finish: Finish) => () => void) {
  return new Promise<ExchangeResult>((resolve) => {
    const finish = (result: ExchangeResult) => {
      if (!open.delete(abort)) return
      clearTimeout(timer)
      close()
      resolve(result)
    }
    const abort = () => finish(NONE)
    const timer = setTimeout(abort, timeoutMs)
    open.add(abort)
    const close = begin(finish)
  })
}
