import { canonicalAddress } from '#base/ip-address.ts'
import { type Budget, TokenBucket } from '#base/token-bucket.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import { hostCovers } from '#proxy/config/service-host.ts'
import type { NameLookup } from './name-lookup.ts'
import { SYNTHETIC_SLOTS, syntheticIpv4, syntheticIpv6, syntheticSlot } from './synthetic-range.ts'

export interface NameBookLimits {
  /** Names with a synthetic address kept at once, and as many pairs of an address and a name that it was an answer for; default 16,384. */
  readonly maxNames: number
  /** New synthetic names; default 100 per second, 4096 at once. */
  readonly newNames: Budget
}

/** The names that one address was an answer for. */
interface Answered {
  last: string
  readonly names: Set<string>
}

/** An address may serve thousands of names: the newest are kept. */
const MAX_NAMES_OF_ADDRESS = 256

export const DEFAULT_NAME_BOOK_LIMITS: NameBookLimits = {
  maxNames: 16_384,
  newNames: { ratePerSecond: 100, burst: 4096 },
}

/**
 * Which name stands behind which address, for one capsule: makes synthetic addresses up, and remembers every address it gave out.
 * A name keeps its synthetic address while the book has room; when it has none, the name longest unused goes, and those whose
 * address was dialled go last: random questions cannot push out what is in use.
 */
export class NameBook implements NameLookup {
  readonly #limits: NameBookLimits
  readonly #budget: TokenBucket
  /** Name → slot, longest unused first. */
  readonly #asked = new Map<string, number>()
  readonly #dialled = new Map<string, number>()
  readonly #nameOfSlot = new Map<number, string>()
  /** By address, the one longest not answered first. */
  readonly #answered = new Map<string, Answered>()
  #pairs = 0
  #configured: ReadonlyMap<string, string> = new Map()
  #lastSlot = 0

  constructor(limits: NameBookLimits, now: () => number) {
    this.#limits = limits
    this.#budget = new TokenBucket(limits.newNames, now)
  }

  applyConfig(config: ProxyConfig): void {
    const configured = new Map<string, string>()
    for (const [host, { ips }] of config.names) {
      for (const ip of ips) {
        const key = canonicalAddress(ip)
        if (!configured.has(key)) configured.set(key, host)
      }
    }
    this.#configured = configured
  }

  /** The two addresses that stand for a name; undefined when too many new names came at once. */
  synthetic(name: string): { readonly ipv4: string; readonly ipv6: string } | undefined {
    const slot = this.#slotOf(name) ?? this.#newSlot(name)
    return slot === undefined ? undefined : { ipv4: syntheticIpv4(slot), ipv6: syntheticIpv6(slot) }
  }

  /** Notes that `name` was answered with this address. */
  remember(ip: string, name: string): void {
    const key = canonicalAddress(ip)
    const answered = this.#answered.get(key) ?? { last: name, names: new Set() }
    this.#answered.delete(key)
    this.#answered.set(key, answered)
    answered.last = name
    const before = answered.names.size
    answered.names.add(name)
    if (answered.names.size > MAX_NAMES_OF_ADDRESS) forgetFirst(answered.names)
    this.#pairs += answered.names.size - before
    while (this.#pairs > this.#limits.maxNames && this.#answered.size > 1)
      this.#pairs -= deleteFirst(this.#answered)?.names.size ?? 0
  }

  /** Answers hold for good: programs keep addresses for longer than their TTL says. */
  wasAnsweredFor(ip: string, host: string): boolean {
    const answered = this.#answered.get(canonicalAddress(ip))
    if (answered === undefined) return false
    if (hostCovers(host, answered.last)) return true
    for (const name of answered.names) if (hostCovers(host, name)) return true
    return false
  }

  /** Asked by whoever handles a connection: the name of a synthetic address counts as dialled from now on. */
  hostOf(ip: string): string | undefined {
    const name = this.#askedName(canonicalAddress(ip))
    if (name !== undefined) this.#markDialled(name)
    return name
  }

  /** For questions in reverse: the same without a mark, and else the name that the configuration has for an address that was no answer yet. */
  nameOf(ip: string): string | undefined {
    const key = canonicalAddress(ip)
    return this.#askedName(key) ?? this.#configured.get(key)
  }

  #askedName(key: string): string | undefined {
    const slot = syntheticSlot(key)
    return (slot === undefined ? undefined : this.#nameOfSlot.get(slot)) ?? this.#answered.get(key)?.last
  }

  #slotOf(name: string): number | undefined {
    const names = this.#dialled.has(name) ? this.#dialled : this.#asked
    const slot = names.get(name)
    if (slot !== undefined) {
      names.delete(name)
      names.set(name, slot)
    }
    return slot
  }

  #newSlot(name: string): number | undefined {
    if (!this.#budget.take()) return undefined
    if (this.#nameOfSlot.size >= this.#limits.maxNames) this.#forgetOne()
    const slot = this.#freeSlot()
    this.#asked.set(name, slot)
    this.#nameOfSlot.set(slot, name)
    return slot
  }

  /** Slots are used in turn, so that an address that was forgotten does not soon mean another name. */
  #freeSlot(): number {
    let slot = this.#lastSlot
    do slot = (slot % SYNTHETIC_SLOTS) + 1
    while (
      this.#nameOfSlot.has(slot) ||
      this.#configured.has(syntheticIpv4(slot)) ||
      this.#configured.has(syntheticIpv6(slot))
    )
    this.#lastSlot = slot
    return slot
  }

  #forgetOne(): void {
    const slot = deleteFirst(this.#asked.size > 0 ? this.#asked : this.#dialled)
    if (slot !== undefined) this.#nameOfSlot.delete(slot)
  }

  #markDialled(name: string): void {
    const slot = this.#asked.get(name)
    if (slot === undefined) return
    this.#asked.delete(name)
    this.#dialled.set(name, slot)
  }
}

function forgetFirst(names: Set<string>): void {
  for (const name of names) {
    names.delete(name)
    return
  }
}

function deleteFirst<V>(map: Map<string, V>): V | undefined {
  for (const [key, value] of map) {
    map.delete(key)
    return value
  }
  return undefined
}
