import { AnswerCache, DEFAULT_TTL_BOUNDS, type TtlBounds } from './answer-cache.ts'
import { exchangeTcp, exchangeUdp, type Nameserver, type OpenExchanges } from './exchange.ts'
import type { Question } from './query.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

/** Whoever knows the true answers. One may serve many capsules. */
export interface Upstream {
  /** Undefined when nobody could say (SERVFAIL). Never rejects. */
  ask(question: Question): Promise<UpstreamAnswer | undefined>
}

export interface UpstreamResolverOptions {
  /** In the order of resolv.conf; none: every question fails. */
  readonly nameservers: readonly Nameserver[]
  /** For one try of one server; default 2000. */
  readonly timeoutMs?: number
  /** How often the list of servers is gone through; default 2. */
  readonly rounds?: number
  readonly ttl?: TtlBounds
  /** milliseconds; default performance.now */
  readonly now?: () => number
}

/** More questions at a time than this fail at once. */
const MAX_IN_FLIGHT = 512

/** Asks the host's resolvers in turn, over UDP and, where an answer does not fit, TCP; caches; asks nothing twice at the same time. */
export class UpstreamResolver implements Upstream {
  readonly #options: UpstreamResolverOptions
  readonly #cache: AnswerCache
  readonly #inFlight = new Map<string, Promise<UpstreamAnswer | undefined>>()
  readonly #open: OpenExchanges = new Set()
  #closed = false

  constructor(options: UpstreamResolverOptions) {
    this.#options = options
    this.#cache = new AnswerCache(options.ttl ?? DEFAULT_TTL_BOUNDS, options.now ?? (() => performance.now()))
  }

  async ask(question: Question): Promise<UpstreamAnswer | undefined> {
    const key = `${question.type} ${question.name}`
    const cached = this.#cache.fresh(key)
    if (cached !== undefined) return cached
    const asked = this.#inFlight.get(key)
    if (asked !== undefined) return asked
    if (this.#inFlight.size >= MAX_IN_FLIGHT) return this.#cache.stale(key)
    const asking = this.#askServers(question).then((answer) => {
      this.#inFlight.delete(key)
      if (answer === undefined) return this.#cache.stale(key)
      this.#cache.store(key, answer)
      return answer
    })
    this.#inFlight.set(key, asking)
    return asking
  }

  /** Gives up what is being asked; later questions fail. */
  close(): void {
    this.#closed = true
    for (const abort of [...this.#open]) abort()
  }

  async #askServers(question: Question): Promise<UpstreamAnswer | undefined> {
    const { nameservers, rounds = 2 } = this.#options
    for (let round = 0; round < rounds; round += 1) {
      for (const server of nameservers) {
        if (this.#closed) return undefined
        const answer = await this.#askServer(server, question)
        if (answer !== undefined) return answer
      }
    }
    return undefined
  }

  async #askServer(server: Nameserver, question: Question): Promise<UpstreamAnswer | undefined> {
    const { timeoutMs = 2000 } = this.#options
    const overUdp = await exchangeUdp(server, question, timeoutMs, this.#open)
    if (overUdp.kind !== 'truncated') return overUdp.kind === 'answer' ? overUdp.answer : undefined
    if (this.#closed) return undefined
    const overTcp = await exchangeTcp(server, question, timeoutMs, this.#open)
    return overTcp.kind === 'answer' ? overTcp.answer : undefined
  }
}
