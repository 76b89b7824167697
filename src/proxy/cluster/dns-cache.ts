import { isIP } from 'node:net'
import { messageOf } from '#base/fault.ts'
import { type TimerWheel, WheelTimer } from '#base/timer-wheel.ts'
import type { Cluster } from '#proxy/config/model.ts'
import type { ResolvedAddress, Resolver } from './resolver.ts'

export type DnsFamily = Cluster['dns']['family']

/** How answers age. */
export interface DnsPolicy {
  readonly family: DnsFamily
  readonly refreshRateMs: number
  readonly respectTtl: boolean
}

/** What is known of a name now. `ips` is the same array until another answer comes. */
export type DnsAnswer =
  | KnownAnswer
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly reason: string }

interface KnownAnswer {
  readonly kind: 'known'
  readonly ips: readonly string[]
}

const FAILURE_TTL_MS = 5_000
const MIN_TTL_MS = 1_000
const MAX_ENTRIES = 4_096
const PENDING: DnsAnswer = { kind: 'pending' }

interface Entry {
  readonly name: string
  readonly policy: DnsPolicy
  answer: KnownAnswer | undefined
  expiresMs: number
  /** Why the last attempt failed, while that is believed; "" otherwise. */
  failure: string
  retryMs: number
  asking: boolean
  readonly waiting: Set<() => void>
}

/**
 * Names and their addresses, for all DNS clusters of a proxy. A name is asked for when somebody wants it, never in the background:
 * a fresh answer is used; one that has expired is used for another refresh interval while a new one is fetched; an older one is
 * waited for. A name server that fails leaves the last answer standing, and is not asked again for 5 seconds.
 */
export class DnsCache {
  private readonly resolver: Resolver
  private readonly wheel: TimerWheel
  private readonly entries = new Map<string, Entry>()

  constructor(resolver: Resolver, wheel: TimerWheel) {
    this.resolver = resolver
    this.wheel = wheel
  }

  /** Never waits: 'pending' has started asking. */
  lookup(name: string, policy: DnsPolicy): DnsAnswer {
    const entry = this.entryOf(name, policy)
    const nowMs = performance.now()
    const { answer } = entry
    if (answer !== undefined && nowMs < entry.expiresMs) return answer
    const failed = entry.failure !== '' && nowMs < entry.retryMs
    if (!failed) void this.ask(entry)
    const lingers = entry.failure !== '' || nowMs < entry.expiresMs + policy.refreshRateMs
    if (answer !== undefined && answer.ips.length > 0 && lingers) return answer
    if (failed) return { kind: 'failed', reason: entry.failure }
    return PENDING
  }

  /** Calls back once: when the name has been answered or has failed, or after `timeoutMs`, which counts as a failure. */
  whenSettled(name: string, policy: DnsPolicy, timeoutMs: number, callback: () => void): () => void {
    const entry = this.entryOf(name, policy)
    const done = () => {
      this.wheel.cancel(timer)
      entry.waiting.delete(done)
      callback()
    }
    const timer = new WheelTimer(() => {
      if (entry.asking) this.fail(entry, `resolving "${name}" took longer than ${timeoutMs} ms`)
      done()
    })
    entry.waiting.add(done)
    this.wheel.schedule(timer, timeoutMs)
    return () => {
      this.wheel.cancel(timer)
      entry.waiting.delete(done)
    }
  }

  private entryOf(name: string, policy: DnsPolicy): Entry {
    const key = `${policy.family} ${policy.respectTtl} ${policy.refreshRateMs} ${name}`
    const found = this.entries.get(key)
    if (found !== undefined) return found
    const entry: Entry = {
      name,
      policy,
      answer: isIP(name) === 0 ? undefined : { kind: 'known', ips: [name] },
      expiresMs: isIP(name) === 0 ? 0 : Number.POSITIVE_INFINITY,
      failure: '',
      retryMs: 0,
      asking: false,
      waiting: new Set(),
    }
    if (this.entries.size >= MAX_ENTRIES) this.evict()
    this.entries.set(key, entry)
    return entry
  }

  /** Forgets the oldest tenth that nobody waits for. */
  private evict(): void {
    let rest = MAX_ENTRIES / 10
    for (const [key, entry] of this.entries) {
      if (entry.asking || entry.waiting.size > 0) continue
      this.entries.delete(key)
      if (--rest <= 0) return
    }
  }

  private async ask(entry: Entry): Promise<void> {
    if (entry.asking) return
    entry.asking = true
    try {
      this.learn(entry, await resolveFamily(this.resolver, entry.name, entry.policy.family))
    } catch (error) {
      this.fail(entry, `resolving "${entry.name}" failed: ${messageOf(error)}`)
    }
    entry.asking = false
    for (const done of [...entry.waiting]) done()
  }

  private learn(entry: Entry, addresses: readonly ResolvedAddress[]): void {
    const { policy } = entry
    const ttlMs = Math.min(...addresses.map((address) => address.ttlSeconds)) * 1000
    const freshMs = addresses.length === 0 ? FAILURE_TTL_MS : policy.respectTtl ? ttlMs : policy.refreshRateMs
    entry.expiresMs = performance.now() + Math.max(freshMs, MIN_TTL_MS)
    entry.failure = ''
    const ips = addresses.map((address) => address.ip)
    const old = entry.answer
    if (old !== undefined && old.ips.join() === ips.join()) return
    entry.answer = { kind: 'known', ips }
  }

  private fail(entry: Entry, reason: string): void {
    entry.failure = reason
    entry.retryMs = performance.now() + FAILURE_TTL_MS
  }
}

/** The families that a cluster wants, as Envoy's dns_lookup_family has them. */
async function resolveFamily(resolver: Resolver, name: string, family: DnsFamily): Promise<readonly ResolvedAddress[]> {
  switch (family) {
    case 'V4_ONLY':
      return (await resolver.resolve(name, 4)).addresses
    case 'V6_ONLY':
      return (await resolver.resolve(name, 6)).addresses
    case 'V4_PREFERRED':
      return await resolvePreferred(resolver, name, 4, 6)
    case 'AUTO':
      return await resolvePreferred(resolver, name, 6, 4)
    case 'ALL':
      return await resolveBoth(resolver, name)
  }
}

async function resolvePreferred(
  resolver: Resolver,
  name: string,
  first: 4 | 6,
  second: 4 | 6,
): Promise<readonly ResolvedAddress[]> {
  const { addresses } = await resolver.resolve(name, first)
  return addresses.length > 0 ? addresses : (await resolver.resolve(name, second)).addresses
}

/** One family may fail as long as the other answers. */
async function resolveBoth(resolver: Resolver, name: string): Promise<readonly ResolvedAddress[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve(name, 4), resolver.resolve(name, 6)])
  const addresses: ResolvedAddress[] = []
  if (v4.status === 'fulfilled') addresses.push(...v4.value.addresses)
  if (v6.status === 'fulfilled') addresses.push(...v6.value.addresses)
  if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason
  if (addresses.length === 0 && v6.status === 'rejected') throw v6.reason
  return addresses
}
