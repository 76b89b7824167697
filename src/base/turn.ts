/** What is done at the end of this turn of the event loop, in this order. Never emptied: an array that is loses its memory and grows anew. */
const works: (() => void)[] = []
let count = 0

/** Calls `work` at the end of this turn, behind what asked for it before. One for all: Node makes an object for each setImmediate. */
export function atTurnEnd(work: () => void): void {
  if (count === 0) setImmediate(endTurn)
  works[count] = work
  count += 1
}

function endTurn(): void {
  for (let i = 0; i < count; i += 1) works[i]?.()
  count = 0
}

/**
 * Time as of the first question in this turn of the event loop: what the turn works off was there when it began, and asking the system
 * for each piece of it costs more than many of them. Good for durations of requests; not for what has to end in time.
 */
let monotonicMs = -1
let wallMs = -1

/** As performance.now(). */
export function turnMonotonicMs(): number {
  if (monotonicMs < 0) startClock()
  return monotonicMs
}

/** As Date.now(). */
export function turnWallMs(): number {
  if (monotonicMs < 0) startClock()
  return wallMs
}

function startClock(): void {
  monotonicMs = performance.now()
  wallMs = Date.now()
  atTurnEnd(forgetTime)
}

function forgetTime(): void {
  monotonicMs = -1
}
