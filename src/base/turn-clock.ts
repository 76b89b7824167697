/**
 * Time as of the first question in this turn of the event loop: what the turn works off was there when it began, and asking the system
 * for each piece of it costs more than many of them. Good for durations of requests; not for what has to end in time.
 */
let monotonicMs = -1
let wallMs = -1

/** As performance.now(). */
export function turnMonotonicMs(): number {
  if (monotonicMs < 0) begin()
  return monotonicMs
}

/** As Date.now(). */
export function turnWallMs(): number {
  if (monotonicMs < 0) begin()
  return wallMs
}

function begin(): void {
  monotonicMs = performance.now()
  wallMs = Date.now()
  setImmediate(end)
}

function end(): void {
  monotonicMs = -1
}
