/** How long to wait before the next try: doubling from `firstMs` to `mostMs`, half of it by chance, so that many clients do not return at once. */
export class Backoff {
  readonly #firstMs: number
  readonly #mostMs: number
  readonly #random: () => number
  #nextMs: number

  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs
    this.#mostMs = mostMs
    this.#random = random
    this.#nextMs = firstMs
  }

  /** The next delay, in milliseconds. */
  next(): number {
    const delayMs = this.#nextMs * (0.5 + this.#random() / 2)
    this.#nextMs = Math.min(this.#nextMs * 2, this.#mostMs)
    return delayMs
  }

  /** Something worked: the next failure begins anew. */
  reset(): void {
    this.#nextMs = this.#firstMs
  }
}
