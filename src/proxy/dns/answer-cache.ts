import { RCODE } from './record-type.ts'
import { aged, type UpstreamAnswer } from './upstream-answer.ts'

/** seconds; TTLs below and above are taken for these */
export interface TtlBounds {
  readonly min: number
  readonly max: number
  /** For negative answers, which have no lower bound. */
  readonly maxNegative: number
}

export const DEFAULT_TTL_BOUNDS: TtlBounds = { min: 1, max: 3600, maxNegative: 300 }

const MAX_ENTRIES = 4096
const MAX_BODY_BYTES = 4096
/** While no resolver answers, an expired answer is better than none, for a day (RFC 8767). */
const STALE_SECONDS = 86_400
const STALE_TTL_SECONDS = 30

interface Entry {
  readonly answer: UpstreamAnswer
  readonly storedAtMs: number
  readonly expiresAtMs: number
}

/** Answers of upstreams by question, for as long as their TTLs say; the ones longest unused go first. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>()
  readonly #bounds: TtlBounds
  readonly #now: () => number

  constructor(bounds: TtlBounds, now: () => number) {
    this.#bounds = bounds
    this.#now = now
  }

  /** The answer with TTLs brought up to date; undefined when there is none or it has expired. */
  fresh(key: string): UpstreamAnswer | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAtMs <= this.#now()) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    const { answer } = entry
    return { ...answer, body: aged(answer, Math.floor((this.#now() - entry.storedAtMs) / 1000)) }
  }

  /** An answer that has expired, with TTLs of 30 seconds. */
  stale(key: string): UpstreamAnswer | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAtMs + STALE_SECONDS * 1000 <= this.#now()) return undefined
    const body = Buffer.from(entry.answer.body)
    for (const at of entry.answer.ttlOffsets) body.writeUInt32BE(STALE_TTL_SECONDS, at)
    return { ...entry.answer, body, ttl: STALE_TTL_SECONDS }
  }

  store(key: string, answer: UpstreamAnswer): void {
    const { min, max, maxNegative } = this.#bounds
    const isPositive = answer.rcode === RCODE.NOERROR && answer.answers > 0
    const ttl = isPositive ? Math.min(max, Math.max(min, answer.ttl)) : Math.min(maxNegative, answer.ttl)
    if (ttl <= 0 || answer.body.length > MAX_BODY_BYTES) return
    this.#entries.delete(key)
    const now = this.#now()
    this.#entries.set(key, { answer, storedAtMs: now, expiresAtMs: now + ttl * 1000 })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break
      this.#entries.delete(oldest)
    }
  }
}
