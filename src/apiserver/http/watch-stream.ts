import type { ServerResponse } from 'node:http'

/** Where the changes of one watch come from. Every line is one event of the Kubernetes watch protocol, as JSON without its newline. */
export interface WatchFeed {
  /** Objects that stand at the beginning, in pages; undefined when the watch begins with changes alone. */
  initial(): Iterable<readonly string[]>
  /** Tells every change after those that were told, until `onLine` answers that it is enough. Nothing follows the last line. Answers how to stop. */
  follow(onLine: (line: string, isLast: boolean) => 'more' | 'enough'): () => void
  /** A line that says only how far the watch has come; undefined when the client did not ask for such. */
  bookmark(): string | undefined
  /** After this time the server ends the watch; clients begin another one. */
  readonly timeoutMs: number
}

/** A client may be this far behind before the feed is stopped: what it missed is told from the history when it has caught up. */
const HIGH_WATER_BYTES = 1 << 20
/** A client that reads nothing for so long is disconnected. */
const STALLED_MS = 60_000
const BOOKMARK_MS = 60_000
/** So long before its end a watch says how far it has come, as in Kubernetes: the client's next one begins there. */
const LAST_BOOKMARK_MS = 2_000

/**
 * Sends the events of a feed to one client, and never holds more than a bounded number of bytes for it: a client that falls behind is
 * told the rest from the store's history once it has read what it was sent; one that reads nothing is disconnected.
 */
export class WatchStream {
  readonly #response: ServerResponse
  readonly #feed: WatchFeed
  readonly #timers: NodeJS.Timeout[] = []
  #stop: (() => void) | undefined
  #stalled: NodeJS.Timeout | undefined
  #ended = false

  constructor(response: ServerResponse, feed: WatchFeed) {
    this.#response = response
    this.#feed = feed
  }

  /** Settles when the watch is over: its time was up, its feed ended, or the client went away. */
  async run(): Promise<void> {
    if (this.#response.closed) return
    const closed = new Promise<void>((resolve) => this.#response.once('close', resolve))
    this.#response.on('drain', () => this.#onDrain())
    this.#timers.push(setTimeout(() => this.#end(), this.#feed.timeoutMs))
    try {
      for (const lines of this.#feed.initial()) {
        for (const line of lines) this.#write(line)
        await this.#drained(closed)
        if (this.#ended || this.#response.destroyed) break
      }
      if (!this.#ended && !this.#response.destroyed) this.#follow()
      await closed
    } finally {
      this.#cleanUp()
    }
  }

  #follow(): void {
    this.#timers.push(setInterval(() => this.#bookmark(), BOOKMARK_MS))
    const { timeoutMs } = this.#feed
    if (timeoutMs > LAST_BOOKMARK_MS)
      this.#timers.push(setTimeout(() => this.#bookmark(), timeoutMs - LAST_BOOKMARK_MS))
    this.#resume()
  }

  /** Not to a client that is behind: it would skip what it was not told. */
  #bookmark(): void {
    const line = this.#stop === undefined ? undefined : this.#feed.bookmark()
    if (line !== undefined) this.#write(line)
  }

  /** The feed may tell its history at once, and go over the mark before it answers how to stop it. */
  #resume(): void {
    let isPaused = false
    const stop = this.#feed.follow((line, isLast) => {
      this.#write(line)
      if (isLast) this.#end()
      else if (this.#response.writableLength > HIGH_WATER_BYTES) {
        isPaused = true
        this.#pause()
      }
      return isPaused || isLast ? 'enough' : 'more'
    })
    if (isPaused || this.#ended) stop()
    else this.#stop = stop
  }

  #pause(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#stalled ??= setTimeout(() => this.#response.destroy(), STALLED_MS)
  }

  #onDrain(): void {
    clearTimeout(this.#stalled)
    if (this.#stalled === undefined || this.#ended) return
    this.#stalled = undefined
    this.#resume()
  }

  async #drained(closed: Promise<void>): Promise<void> {
    if (!this.#response.writableNeedDrain) return
    const stalled = setTimeout(() => this.#response.destroy(), STALLED_MS)
    await Promise.race([new Promise<void>((resolve) => this.#response.once('drain', resolve)), closed])
    clearTimeout(stalled)
  }

  #write(line: string): void {
    if (!this.#response.destroyed) this.#response.write(`${line}\n`)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stopTelling()
    this.#response.end()
    // What a client does not take by then is not waited for.
    this.#stalled ??= setTimeout(() => this.#response.destroy(), STALLED_MS)
  }

  #cleanUp(): void {
    this.#ended = true
    this.#stopTelling()
    clearTimeout(this.#stalled)
  }

  /** Neither changes nor bookmarks: a response that has ended takes no more, and says so by an error that nobody would catch. */
  #stopTelling(): void {
    this.#stop?.()
    this.#stop = undefined
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
