import { type Changes, type EncodedResource, ResourceMap } from '#xds/resource-map.ts'
import type { TypeUrl } from '#xds/type-url.ts'
import { namesThatDiffer, sameChanges } from './resource-changes.ts'
import { type Subscription, wants } from './subscription.ts'

/** Stands for "what the client holds is not known": equal to no resource and to no absence. */
const UNKNOWN: EncodedResource = { name: '', version: '', value: new Uint8Array() }

/** SYNCED: acknowledged; STALE: sent and not answered; ERROR: refused, so that the client keeps what it had; NOT SENT: there was nothing to say. */
export type TypeSync = 'SYNCED' | 'STALE' | 'ERROR' | 'NOT SENT'

/** A response on its way, and what the client will hold once it acknowledges. */
interface Outstanding {
  readonly nonce: string
  readonly changes: Changes
  base: ResourceMap
  readonly overlay: Map<string, EncodedResource | undefined>
}

/** What must be sent now. `complete` is everything wanted that exists, for protocols that send the state of the world. */
export interface Push {
  readonly changes: Changes
  complete(): Iterable<EncodedResource>
}

/**
 * What one client knows of one type, and what it must be told. What it holds is `base` (a set shared with every other
 * client that holds the same) with `overlay` laid over it, both only where the subscription wants the name: so a client
 * costs memory for what is particular to it, not for the mesh. At most one response is outstanding: a slow client
 * skips the states between.
 */
export class TypeWatch {
  readonly typeUrl: TypeUrl
  #subscription: Subscription
  #base: ResourceMap = ResourceMap.EMPTY
  #overlay = new Map<string, EncodedResource | undefined>()
  #outstanding: Outstanding | undefined
  #rejected: Changes | undefined
  #answered = false
  #lastNonce = ''

  /** `held` maps names to the versions that a reconnecting client still has. */
  constructor(typeUrl: TypeUrl, subscription: Subscription, held: Readonly<Record<string, string>> = {}) {
    this.typeUrl = typeUrl
    this.#subscription = subscription
    for (const name of subscription.names) if (name !== '*') this.#overlay.set(name, UNKNOWN)
    for (const [name, version] of Object.entries(held)) this.#overlay.set(name, { name, version, value: UNKNOWN.value })
  }

  get subscription(): Subscription {
    return this.#subscription
  }

  /** Of the newest response that was sent; empty before the first. */
  get lastNonce(): string {
    return this.#lastNonce
  }

  /** How far the client is with this type, as istioctl names it. */
  get sync(): TypeSync {
    if (this.#rejected !== undefined) return 'ERROR'
    if (this.#outstanding !== undefined) return 'STALE'
    return this.#answered ? 'SYNCED' : 'NOT SENT'
  }

  /** True while a response is unanswered that was not made from `desired`: something newer waits behind it. */
  isBehind(desired: ResourceMap): boolean {
    return this.#outstanding !== undefined && this.#outstanding.base !== desired
  }

  /** True when the client acknowledged all of `desired`. */
  isSettled(desired: ResourceMap): boolean {
    return this.#outstanding === undefined && this.#rejected === undefined && this.#base === desired
  }

  /** Takes the client's new wishes. Names in `renewed` are sent again even when nothing about them changed. */
  resubscribe(subscription: Subscription, renewed: Iterable<string>): void {
    const before = this.#subscription
    this.#subscription = subscription
    if (subscription.wildcard && !before.wildcard) this.#forgetAll()
    for (const name of before.names) if (!subscription.names.has(name)) this.#unsubscribed(name)
    for (const name of renewed) this.renew(name)
  }

  /** Sends `name` again, if the client wants it: it has lost what it had. */
  renew(name: string): void {
    if (name === '*' || !wants(this.#subscription, name)) return
    this.#overlay.set(name, UNKNOWN)
    this.#outstanding?.overlay.set(name, UNKNOWN)
    this.#rejected = undefined
  }

  /**
   * What to send so that the client comes to hold `desired`; undefined when there is nothing to say or a response is
   * still unanswered. With `linger`, resources that are gone stay for now: what refers to them must change first.
   * The caller sends it under `nonce` and says so (`sent`), or, where that cannot be said, takes it for acknowledged.
   */
  next(desired: ResourceMap, linger: boolean, nonce: string): Push | undefined {
    if (this.#outstanding !== undefined) return undefined
    const changes = new Map<string, EncodedResource | undefined>()
    const lingering = new Map<string, EncodedResource | undefined>()
    for (const name of this.#candidates(desired)) {
      const have = this.#held(name)
      const target = desired.get(name)
      if (!wants(this.#subscription, name) || have?.version === target?.version) continue
      if (linger && target === undefined && have !== undefined && have !== UNKNOWN) lingering.set(name, have)
      else changes.set(name, target)
    }
    if (!this.#mustSend(changes)) {
      if (changes.size === 0) this.#settle(desired, lingering)
      return undefined
    }
    this.#answered = true
    this.#rejected = undefined
    this.#outstanding = { nonce, changes, base: desired, overlay: lingering }
    return { changes, complete: () => this.#complete(desired, lingering) }
  }

  sent(nonce: string): void {
    this.#lastNonce = nonce
  }

  /** The client applied the response `nonce`. False when that is not the one outstanding. */
  ack(nonce: string): boolean {
    const outstanding = this.#outstanding
    if (outstanding === undefined || outstanding.nonce !== nonce) return false
    this.#outstanding = undefined
    this.#settle(outstanding.base, outstanding.overlay)
    return true
  }

  /** The client refused the response `nonce` and keeps what it had: the same changes are not sent again. */
  nack(nonce: string): boolean {
    const outstanding = this.#outstanding
    if (outstanding === undefined || outstanding.nonce !== nonce) return false
    this.#outstanding = undefined
    this.#rejected = outstanding.changes
    return true
  }

  #mustSend(changes: Changes): boolean {
    if (!this.#answered && this.#subscription.wildcard) return true
    if (changes.size === 0) this.#rejected = undefined
    return changes.size > 0 && !(this.#rejected !== undefined && sameChanges(changes, this.#rejected))
  }

  #settle(base: ResourceMap, overlay: Map<string, EncodedResource | undefined>): void {
    this.#base = base
    this.#overlay = overlay
  }

  #held(name: string): EncodedResource | undefined {
    return this.#overlay.has(name) ? this.#overlay.get(name) : this.#base.get(name)
  }

  *#candidates(desired: ResourceMap): Iterable<string> {
    yield* this.#overlay.keys()
    for (const name of namesThatDiffer(this.#base, desired)) if (!this.#overlay.has(name)) yield name
  }

  *#complete(desired: ResourceMap, lingering: Changes): Iterable<EncodedResource> {
    const { wildcard, names } = this.#subscription
    if (wildcard) yield* desired
    else for (const name of names) if (desired.has(name)) yield desired.get(name) as EncodedResource
    for (const resource of lingering.values()) if (resource !== undefined) yield resource
  }

  #unsubscribed(name: string): void {
    if (this.#subscription.wildcard) this.renew(name)
    else {
      this.#overlay.delete(name)
      this.#outstanding?.overlay.delete(name)
    }
  }

  /** The client's wishes grew to everything: what `base` says of names that it did not want before is not so. */
  #forgetAll(): void {
    const names = [...this.#subscription.names].filter((name) => name !== '*')
    this.#settle(ResourceMap.EMPTY, new Map(names.map((name) => [name, UNKNOWN])))
    this.#answered = false
    if (this.#outstanding !== undefined) {
      this.#outstanding.base = ResourceMap.EMPTY
      this.#outstanding.overlay.clear()
      for (const name of names) this.#outstanding.overlay.set(name, UNKNOWN)
    }
  }
}
