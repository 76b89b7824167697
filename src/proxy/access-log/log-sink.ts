import { closeSync, constants, openSync, write } from 'node:fs'
import { Fault, messageOf } from '#base/fault.ts'
import type { LineBytes } from './line-bytes.ts'

/** Bounds of one sink. */
export interface SinkLimits {
  /** Lines wait at most this long before they are handed to the kernel; default 100 ms. */
  readonly flushIntervalMs: number
  /** Handed over at once when about this much has gathered; default 256 KiB. */
  readonly batchBytes: number
  /** Lines are dropped, and counted, while this much waits for a slow reader; default 4 MiB. */
  readonly maxWaitingBytes: number
}

export const DEFAULT_SINK_LIMITS: SinkLimits = {
  flushIntervalMs: 100,
  batchBytes: 262_144,
  maxWaitingBytes: 4_194_304,
}

/** Lines as the bytes that are written: strings, kept until then, would be moved about by every garbage collection. */
class Batch {
  readonly bytes: Buffer
  length = 0
  lines = 0

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }
}

/** How often a full pipe is tried again. */
const RETRY_MS = 10
/** How long `close` waits for a reader that does not read. */
const CLOSE_MS = 1000

/**
 * One file (or standard stream) that lines are appended to: gathers them and writes in batches, off the event loop, one write at a
 * time, so that a slow disk or pipe never delays traffic. Never throws after construction.
 */
export class LogSink {
  /** Lines lost because the reader was too slow or a write failed. */
  droppedLines = 0
  readonly #path: string
  readonly #limits: SinkLimits
  readonly #onFault: (fault: Fault) => void
  #fd: number
  /** What the next lines are added to; empty ones are not kept. */
  #filling: Batch | undefined = undefined
  /** Full ones, for which there was no time yet. */
  #full: Batch[] = []
  #writing: Batch | undefined = undefined
  /** Written, and filled again: a new one for each write would make the collector look through the whole heap every other second. */
  #spare: Batch | undefined = undefined
  /** In all of them. */
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #reportedFault = ''
  #closed: (() => void) | undefined

  /** Throws Fault "proxy/access-log-open" when the path cannot be opened for appending. */
  constructor(path: string, limits: SinkLimits, onFault: (fault: Fault) => void) {
    this.#path = path
    this.#limits = limits
    this.#onFault = onFault
    this.#fd = openLog(path)
  }

  write(line: LineBytes): void {
    const { length } = line
    if (this.#closed !== undefined || this.#waitingBytes + length > this.#limits.maxWaitingBytes) {
      this.droppedLines += 1
      return
    }
    const batch = this.#roomFor(length)
    batch.bytes.set(line.bytes, batch.length)
    batch.length += length
    batch.lines += 1
    this.#waitingBytes += length
    this.#timer ??= setTimeout(flushSink, this.#limits.flushIntervalMs, this)
  }

  #roomFor(bytes: number): Batch {
    const filling = this.#filling
    if (filling !== undefined && filling.length + bytes <= filling.bytes.length) return filling
    if (filling !== undefined) {
      this.#full.push(filling)
      this.#filling = undefined
      this.#flush()
    }
    const spare = this.#spare
    this.#spare = undefined
    this.#filling =
      spare !== undefined && bytes <= spare.bytes.length ? spare : new Batch(Math.max(this.#limits.batchBytes, bytes))
    return this.#filling
  }

  /** Writes what waits (for at most one second if nobody reads) and closes the file. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return
    const done = new Promise<void>((resolve) => {
      this.#closed = resolve
    })
    const deadline = setTimeout(() => this.#finish(), CLOSE_MS)
    this.#flush()
    if (this.#writing === undefined) this.#finish()
    await done
    clearTimeout(deadline)
  }

  /** Called by the flush timer. */
  flushNow(): void {
    this.#flush()
  }

  /** Writes one batch, unless one is being written: then `#afterWrite` goes on. */
  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== undefined) return
    let batch = this.#full.shift()
    if (batch === undefined) {
      batch = this.#filling
      this.#filling = undefined
    }
    if (batch === undefined) return
    this.#writing = batch
    this.#writeFrom(batch, 0)
  }

  #writeFrom(batch: Batch, offset: number): void {
    if (this.#fd < 0) return
    write(this.#fd, batch.bytes, offset, batch.length - offset, null, (error, written) => {
      if (this.#fd < 0) return
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#writeFrom(batch, offset), RETRY_MS)
      } else if (error === null && offset + written < batch.length) {
        this.#writeFrom(batch, offset + written)
      } else {
        if (error !== null) this.#lose(batch, error)
        this.#writing = undefined
        this.#waitingBytes -= batch.length
        this.#keep(batch)
        this.#afterWrite()
      }
    })
  }

  #keep(batch: Batch): void {
    if (batch.bytes.length > this.#limits.batchBytes) return
    batch.length = 0
    batch.lines = 0
    this.#spare = batch
  }

  #afterWrite(): void {
    if (this.#full.length > 0 || this.#closed !== undefined) this.#flush()
    else if (this.#filling !== undefined) this.#timer ??= setTimeout(flushSink, this.#limits.flushIntervalMs, this)
    if (this.#closed !== undefined && this.#writing === undefined) this.#finish()
  }

  #lose(batch: Batch, error: Error): void {
    this.droppedLines += batch.lines
    this.#report(new Fault('proxy/access-log-write', `access log "${this.#path}": ${error.message}`, { cause: error }))
  }

  /** The same fault is said once, not per batch. */
  #report(fault: Fault): void {
    if (fault.message === this.#reportedFault) return
    this.#reportedFault = fault.message
    this.#onFault(fault)
  }

  #finish(): void {
    if (this.#fd < 0) return
    for (const batch of [this.#writing, ...this.#full, this.#filling]) this.droppedLines += batch?.lines ?? 0
    this.#full = []
    this.#filling = undefined
    if (this.droppedLines > 0) {
      this.#onFault(
        new Fault('proxy/access-log-dropped', `access log "${this.#path}": ${this.droppedLines} lines were lost`, {
          mend: 'read the log faster, or log to a file',
        }),
      )
    }
    if (!isStandardStream(this.#path)) closeSync(this.#fd)
    this.#fd = -1
    this.#closed?.()
  }
}

function flushSink(sink: LogSink): void {
  sink.flushNow()
}

function isStandardStream(path: string): boolean {
  return path === '/dev/stdout' || path === '/dev/stderr'
}

/** O_NONBLOCK: opening a FIFO that nobody reads fails at once instead of waiting for a reader. */
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** The process's own streams by number (a socket behind /dev/stdout cannot be opened); files belong to their owner alone. */
function openLog(path: string): number {
  if (path === '/dev/stdout') return 1
  if (path === '/dev/stderr') return 2
  try {
    return openSync(path, OPEN_FLAGS, 0o600)
  } catch (thrown) {
    throw new Fault('proxy/access-log-open', `cannot open access log "${path}": ${messageOf(thrown)}`, {
      mend: 'name a file in an existing folder that this user may write, or /dev/stdout',
      cause: thrown,
    })
  }
}
