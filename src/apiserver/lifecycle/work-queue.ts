import { messageOf } from '#base/fault.ts'

const RETRY_MS = 1000

/** Work by name, one after the other: what is added again before its turn is done once. What fails is tried again later. */
export class WorkQueue {
  readonly #work: (name: string) => Promise<void>
  readonly #onFault: (text: string) => void
  readonly #names = new Set<string>()
  readonly #retries = new Set<NodeJS.Timeout>()
  #running: Promise<void> | undefined
  #closed = false

  constructor(work: (name: string) => Promise<void>, onFault: (text: string) => void) {
    this.#work = work
    this.#onFault = onFault
  }

  add(name: string): void {
    if (this.#closed) return
    this.#names.add(name)
    this.#running ??= this.#run()
  }

  /** Settles when nothing is left to do but what waits to be tried again. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** Settles when the work at hand is done; nothing else is begun. */
  async close(): Promise<void> {
    this.#closed = true
    this.#names.clear()
    for (const timer of this.#retries) clearTimeout(timer)
    await this.idle()
  }

  async #run(): Promise<void> {
    // Whoever adds work is told nothing of its outcome, and shall not wait for its beginning either.
    await Promise.resolve()
    for (const name of this.#names) {
      this.#names.delete(name)
      await this.#work(name).catch((thrown: unknown) => this.#retry(name, thrown))
    }
    this.#running = undefined
  }

  #retry(name: string, thrown: unknown): void {
    if (this.#closed) return
    this.#onFault(messageOf(thrown))
    const timer = setTimeout(() => {
      this.#retries.delete(timer)
      this.add(name)
    }, RETRY_MS)
    timer.unref()
    this.#retries.add(timer)
  }
}
