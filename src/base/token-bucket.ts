/** How often something may happen: `ratePerSecond` on average, `burst` at once. */
export interface Budget {
  readonly ratePerSecond: number
  readonly burst: number
}

/** Counts a budget down; `now` is in milliseconds. */
export class TokenBucket {
  readonly #budget: Budget
  readonly #now: () => number
  #tokens: number
  #filledAt: number

  constructor(budget: Budget, now: () => number) {
    this.#budget = budget
    this.#now = now
    this.#tokens = budget.burst
    this.#filledAt = now()
  }

  /** False when the budget is spent. */
  take(): boolean {
    if (this.#tokens < 1) this.#refill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  #refill(): void {
    const now = this.#now()
    const earned = ((now - this.#filledAt) / 1000) * this.#budget.ratePerSecond
    this.#tokens = Math.min(this.#budget.burst, this.#tokens + Math.max(0, earned))
    this.#filledAt = now
  }
}
