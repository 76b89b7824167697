/** Long enough for a short command to have ended, and for a long one to have started. */
const AFTER_START_MS = 200
/** A mesh in which nothing has changed for so long is at rest. */
const AT_REST_MS = 3_000
/** So much more in use, or resident for nothing, than after the last time. */
const WORTH_BYTES = 64 * 1024 * 1024

/**
 * Gives back what start-up left behind, 7 MB mostly of decoded descriptors: once, 15 ms of CPU when the program has been running for a
 * moment. V8 would wait for traffic to do it, and a sidecar may see none. Nothing happens without `--expose-gc`, which bin/postern sets.
 */
export function releaseStartUpMemory(): void {
  setTimeout(() => {
    release()
    trim().catch(() => undefined)
  }, AFTER_START_MS).unref()
}

/** What the C library keeps of freed memory goes back to the kernel as well, 3 MB. */
async function trim(): Promise<void> {
  const { default: koffi } = await import('koffi')
  koffi.load('libc.so.6').func('int malloc_trim(size_t)')(0)
}

/**
 * Gives back what a burst of changes, or of proxies that came, left behind, once it is over: V8 and the C library would keep several times
 * what is in use. Call `touch` at each change and each answer. In a large mesh it takes most of a second in which nothing else is done, so a change or two are
 * no reason.
 */
export class MemoryAtRest {
  #timer: NodeJS.Timeout | undefined
  /** As it was after the last time. Answers that were under way then are in use, not idle. */
  #before = usage()

  touch(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#rest().catch(() => undefined), AT_REST_MS).unref()
  }

  async #rest(): Promise<void> {
    const { used, idle } = usage()
    if (used - this.#before.used < WORTH_BYTES && idle - this.#before.idle < WORTH_BYTES) return
    release()
    await trim()
    this.#before = usage()
  }
}

/** Bytes of the heap that are in use, garbage included, and resident ones that nothing is in. */
function usage(): { readonly used: number; readonly idle: number } {
  const { rss, heapUsed, external } = process.memoryUsage()
  return { used: heapUsed, idle: rss - heapUsed - external }
}

function release(): void {
  void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
