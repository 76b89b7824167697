/** Long enough for a short command to have ended, and for a long one to have started. */
const AFTER_START_MS = 200
/** A mesh in which nothing has changed for so long is at rest. */
const AT_REST_MS = 3_000

/**
 * Gives back what start-up left behind, 7 MB mostly of decoded descriptors: once, 15 ms of CPU when the program has been running for a
 * moment. V8 would wait for traffic to do it, and a sidecar may see none. Nothing happens without `--expose-gc`, which bin/postern sets.
 */
export function releaseStartUpMemory(): void {
  setTimeout(release, AFTER_START_MS).unref()
}

/** Gives back what a burst of changes left behind, once it is over: V8 would keep several times what is in use. Call `touch` at each change. */
export class MemoryAtRest {
  #timer: NodeJS.Timeout | undefined

  touch(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(release, AT_REST_MS).unref()
  }
}

function release(): void {
  void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
