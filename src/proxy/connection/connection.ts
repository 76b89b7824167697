import type { StreamInfo } from './stream-info.ts'

/** Who consumes a connection's bytes. Replaceable: inspectors first, then a codec or a relay. */
export interface ConnectionReader {
  /**
   * `chunk` is lent: it is valid until the call returns. Whoever needs bytes for longer copies them
   * (or hands the chunk to `write`, which sees to it itself). Returns false to pause reading.
   */
  onBytes(chunk: Buffer): boolean
  /** The peer sent FIN: no more bytes will come; writing is still possible. Each new reader is told again. */
  onEnd(): void
  /** The socket is gone; `error` is undefined after an orderly close and after our own `destroy`. Called exactly once, last. */
  onClose(error: Error | undefined): void
  /** Writing is possible again after `write` returned false. */
  onDrain(): void
}

/** One TCP connection, downstream or upstream, with half-close and back-pressure made explicit. */
export interface Connection {
  readonly info: StreamInfo
  /** True from `destroy` on, or once the socket failed or closed: what is written from then on goes nowhere. */
  readonly closed: boolean
  /**
   * From here on `reader` gets the bytes, whether or not the reader before it had paused.
   * What was held back (`unread`), and an end or close that already came, are delivered before this returns.
   */
  setReader(reader: ConnectionReader): void
  /** Puts bytes back in front: the next reader gets them first. Copies them. */
  unread(chunk: Buffer): void
  pause(): void
  resume(): void
  /** The kernel takes no more for now: what is written waits in memory, and onDrain follows. */
  readonly blocked: boolean
  /** Takes the bytes over (copying a lent chunk only if the kernel did not take it at once). False: wait for onDrain. */
  write(chunk: Buffer): boolean
  /** Likewise for `bytes[start, end)`; small pieces leave together, at the end of the event loop's turn. */
  gather(bytes: Buffer, start: number, end: number): boolean
  /** @param text latin-1 */
  gatherText(text: string): boolean
  /** Sends FIN after what was written. */
  end(): void
  /** Closes at once; with `reset` the peer sees RST. */
  destroy(reset?: boolean): void
  /** Calls `onIdle` when neither direction moved a byte for this long; 0 turns it off. */
  setIdleTimeout(idleTimeoutMs: number, onIdle: () => void): void
}
