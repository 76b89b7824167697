/** Long enough for a short command to have ended, and for a long one to have started. */
const AFTER_START_MS = 200

/**
 * Gives back what start-up left behind, 7 MB mostly of decoded descriptors: once, 15 ms of CPU when the program has been running for a
 * moment. V8 would wait for traffic to do it, and a sidecar may see none. Nothing happens without `--expose-gc`, which bin/postern sets.
 */
export function releaseStartUpMemory(): void {
  setTimeout(
    () => void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    AFTER_START_MS,
  ).unref()
}
