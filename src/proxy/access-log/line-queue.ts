import { atTurnEnd } from '#base/turn.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import type { FormatLine } from './formatter.ts'
import type { LogSink } from './log-sink.ts'

/**
 * Writes what is logged during one turn of the event loop at the turn's end: answers leave first, and lines that are made one behind
 * the other find what makes them in the processor's cache.
 */
export class LineQueue {
  // In step with each other, and overwritten: an array that is emptied loses its memory.
  readonly #infos: (StreamInfo | undefined)[] = []
  readonly #formats: FormatLine[] = []
  readonly #sinks: LogSink[] = []
  #count = 0

  /** `info` is complete: nothing of it changes any more. */
  add(info: StreamInfo, format: FormatLine, sink: LogSink): void {
    const at = this.#count
    this.#infos[at] = info
    this.#formats[at] = format
    this.#sinks[at] = sink
    this.#count = at + 1
    if (at === 0) atTurnEnd(this.flush)
  }

  readonly flush = (): void => {
    for (let i = 0; i < this.#count; i += 1) {
      const format = this.#formats[i] as FormatLine
      this.#sinks[i]?.write(format(this.#infos[i] as StreamInfo))
      this.#infos[i] = undefined
    }
    this.#count = 0
  }
}
