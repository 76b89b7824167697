import { Fault } from '#base/fault.ts'
import type { AccessLogConfig } from '#proxy/config/model.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { type AccessLogger, NO_ACCESS_LOG } from './access-logger.ts'
import { compileFormat, type FormatLine } from './formatter.ts'
import { LineQueue } from './line-queue.ts'
import { DEFAULT_SINK_LIMITS, LogSink, type SinkLimits } from './log-sink.ts'
import type { LogContext } from './operators.ts'

export interface AccessLogsOptions extends LogContext {
  readonly limits?: SinkLimits
  /** A log that cannot be opened or written, or lines lost: said once each. Traffic goes on. */
  readonly onFault: (fault: Fault) => void
}

/** Compiled formats kept; configurations hold a handful, so the bound only stops a control plane that invents them without end. */
const MAX_FORMATS = 1000

/** All access logs of a proxy: one sink per path, one compiled format per template, shared by every filter that names them. */
export class AccessLogs {
  readonly #options: AccessLogsOptions
  readonly #sinks = new Map<string, LogSink>()
  readonly #formats = new Map<string, FormatLine>()
  readonly #lines = new LineQueue()

  constructor(options: AccessLogsOptions) {
    this.#options = options
  }

  /**
   * The logger for a filter's logs. Throws Fault "proxy/access-log-format" when a template does not compile: what proxy/config
   * accepted (`compileFormat` says no faults) never does. A path that cannot be opened is reported, and loses its lines only.
   */
  logger(configs: readonly AccessLogConfig[]): AccessLogger {
    const writers = configs.flatMap((config) => this.#writerOf(config) ?? [])
    const [first] = writers
    if (first === undefined) return NO_ACCESS_LOG
    if (writers.length === 1) return first
    return (info) => {
      for (const writer of writers) writer(info)
    }
  }

  /** Lines lost so far, over all sinks. */
  get droppedLines(): number {
    this.#lines.flush()
    let dropped = 0
    for (const sink of this.#sinks.values()) dropped += sink.droppedLines
    return dropped
  }

  /** Writes out what waits and closes the files; later lines are dropped. */
  async close(): Promise<void> {
    this.#lines.flush()
    await Promise.all([...this.#sinks.values()].map((sink) => sink.close()))
  }

  #writerOf(config: AccessLogConfig): AccessLogger | undefined {
    const format = this.#formatOf(config)
    const sink = this.#sinkOf(config.path)
    if (sink === undefined) return undefined
    const lines = this.#lines
    if (config.onlyFlags.length === 0) return (info) => lines.add(info, format, sink)
    const onlyFlags = new Set(config.onlyFlags)
    return (info) => {
      if (hasFlag(info, onlyFlags)) lines.add(info, format, sink)
    }
  }

  #formatOf(config: AccessLogConfig): FormatLine {
    const key = JSON.stringify(config.format)
    const known = this.#formats.get(key)
    if (known !== undefined) return known
    const compiled = compileFormat(config.format, this.#options)
    if ('faults' in compiled) {
      throw new Fault('proxy/access-log-format', `access log "${config.path}": ${compiled.faults.join('; ')}`)
    }
    if (this.#formats.size >= MAX_FORMATS) this.#formats.clear()
    this.#formats.set(key, compiled.format)
    return compiled.format
  }

  #sinkOf(path: string): LogSink | undefined {
    const open = this.#sinks.get(path)
    if (open !== undefined) return open
    try {
      const sink = new LogSink(path, this.#options.limits ?? DEFAULT_SINK_LIMITS, this.#options.onFault)
      this.#sinks.set(path, sink)
      return sink
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
      this.#options.onFault(thrown)
      return undefined
    }
  }
}

function hasFlag(info: StreamInfo, flags: ReadonlySet<string>): boolean {
  for (const flag of info.responseFlags) {
    if (flags.has(flag)) return true
  }
  return false
}
