import type { Denial } from './denial.ts'

/** One kind of refusal and how often it happened. */
export interface LedgerEntry {
  readonly denial: Denial
  count: number
}

/** Distinct refusals that are kept apart; what comes beyond is only counted, so that a port scan cannot fill the memory. */
const MAX_ENTRIES = 10_000

/** Tells every refusal, and counts them by host or address, port, reason and protocol. Nothing is lost silently. */
export class DenialLedger {
  /** Refusals beyond the distinct ones that could be kept. */
  overflow = 0
  readonly #entries = new Map<string, LedgerEntry>()
  readonly #onDenied: (denial: Denial) => void

  constructor(onDenied: (denial: Denial) => void) {
    this.#onDenied = onDenied
  }

  record(denial: Denial): void {
    this.#onDenied(denial)
    const { destination, host, reason, protocol } = denial
    const key = `${reason} ${protocol} ${host ?? destination.ip} ${destination.port}`
    const held = this.#entries.get(key)
    if (held !== undefined) {
      held.count += 1
      return
    }
    if (this.#entries.size >= MAX_ENTRIES) {
      this.overflow += 1
      return
    }
    this.#entries.set(key, { denial, count: 1 })
  }

  /** In the order of their first occurrence. */
  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()]
  }
}
