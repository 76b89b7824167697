import { isDeepStrictEqual } from 'node:util'
import type { Document } from '#api/document.ts'
import { Report } from '#api/schema/report.ts'
import { unappliedParts, unappliedPartsOfEgressRule } from '#api/unapplied.ts'
import { nameOf, type ObjectRef, type Rejection, refOf } from '#control/mesh/rejection.ts'
import type { VirtualIps } from '#control/mesh/virtual-ips.ts'
import type { SnapshotSource } from '#control/snapshot/snapshot-source.ts'
import type { ApiSource } from '#control/source/api-source.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'
import type { AdsClientState } from '#xds/server/ads-server.ts'
import { LISTENER_TYPE } from '#xds/type-url.ts'
import { Enforcement } from './enforcement.ts'
import { type ServiceEntryStatus, statusOf, type WaitingProxy } from './service-entry-status.ts'

/** Most changes are acknowledged before this is over: then their status is written once. */
const FLUSH_MS = 50

/** What statuses are made of and where they go. */
export interface StatusReporterOptions {
  readonly source: Pick<ApiSource, 'entry' | 'rejections'>
  readonly snapshots: Pick<SnapshotSource, 'current' | 'rejections' | 'everyRejection' | 'virtualIps'>
  readonly write: (object: ObjectRef, status: ServiceEntryStatus) => void
  readonly clients: () => readonly AdsClientState[]
  /** Whether sidecars of before this process are still to come back: what they have is not known, so nothing is written. Default: never. */
  readonly isAwaiting?: () => boolean
  readonly now?: () => Date
}

/** Follows what becomes of every service entry and egress rule, from its translation to the last proxy's acknowledgement, and has it written down. */
export class StatusReporter {
  readonly #options: StatusReporterOptions
  readonly #enforcement = new Enforcement<AdsClientState>()
  readonly #refusals = new Map<AdsClientState, string>()
  readonly #dirty = new Set<string>()
  #rejections: ReadonlyMap<string, readonly Rejection[]> = new Map()
  #rejectionsAreOld = false
  #timer: NodeJS.Timeout | undefined
  #isHeld = false

  constructor(options: StatusReporterOptions) {
    this.#options = options
  }

  /** The snapshots were made anew, and these entries ("KIND NAMESPACE/NAME") were what changed. */
  updated(changed: readonly string[]): void {
    this.#enforcement.changed(changed, this.#behind())
    this.#rejectionsAreOld = true
    this.#touch(changed)
    this.#schedule()
  }

  /** A client acknowledged everything, or went. */
  done(client: AdsClientState): void {
    this.#refusals.delete(client)
    if (this.#options.clients().includes(client) && !this.#isCurrent(client)) return
    this.#touch(this.#enforcement.done(client))
  }

  /** A client refused what it was sent. */
  refused(node: NodeIdentity, reason: string): void {
    for (const client of this.#options.clients()) {
      if (client.node?.id !== node.id) continue
      this.#refusals.set(client, reason)
      this.#touch(this.#enforcement.awaitedBy(client))
    }
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #behind(): readonly AdsClientState[] {
    return this.#options.clients().filter((client) => !this.#isCurrent(client))
  }

  /** A client that wants no listeners is no sidecar: it enforces nothing. */
  #isCurrent(client: AdsClientState): boolean {
    if (client.node === undefined || !client.syncs().has(LISTENER_TYPE)) return client.node !== undefined
    return client.settledVersion === this.#options.snapshots.current(client.node)?.version
  }

  #touch(keys: Iterable<string>): void {
    for (const key of keys) this.#dirty.add(key)
    if (this.#dirty.size > 0) this.#schedule()
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS)
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#options.isAwaiting?.()) {
      this.#isHeld = true
      this.#schedule()
      return
    }
    if (this.#isHeld) this.#enforcement.changed(this.#dirty, this.#behind())
    this.#isHeld = false
    if (this.#rejectionsAreOld) this.#rejectAnew()
    const keys = [...this.#dirty]
    this.#dirty.clear()
    const proxies = this.#options.clients().length
    for (const key of keys) this.#report(key, proxies)
  }

  /** Who is rejected now, and who was: it has its time, proxies are sent their configuration first. */
  #rejectAnew(): void {
    this.#rejectionsAreOld = false
    const before = this.#rejections
    this.#rejections = byObject([...this.#options.source.rejections(), ...this.#options.snapshots.everyRejection()])
    const keys = new Set([...before.keys(), ...this.#rejections.keys()])
    // What comes into effect because another object went is to be acknowledged like a change of its own.
    const changed = [...keys].filter((key) => !isDeepStrictEqual(before.get(key), this.#rejections.get(key)))
    if (changed.length > 0) this.#enforcement.changed(changed, this.#behind())
    for (const key of keys) this.#dirty.add(key)
  }

  #report(key: string, proxies: number): void {
    const { source, snapshots, write, now = () => new Date() } = this.#options
    const followed = source.entry(key)
    if (followed === undefined) return
    const { object, document, messages } = followed
    const { generation = 0 } = object.metadata
    const entry = document?.kind === 'ServiceEntry' ? document.object : undefined
    const virtualIps: ReadonlyMap<string, VirtualIps> = entry === undefined ? new Map() : snapshots.virtualIps(entry)
    const rejections = this.#rejections.get(key) ?? []
    const waiting = [...this.#enforcement.waitingFor(key)].map((client) => this.#waitingProxy(client))
    const unapplied = unappliedIn(document)
    const facts = { generation, messages, unapplied, rejections, waiting, proxies, virtualIps }
    const status = statusOf(facts, object.status, now())
    if (!saysTheSame(object.status, status)) write(refOf(object), status)
  }

  #waitingProxy(client: AdsClientState): WaitingProxy {
    return { name: proxyName(client.node), refusal: this.#refusals.get(client) }
  }
}

/** "curl.default" of "sidecar~127.0.0.1~curl.default~default.svc.cluster.local" */
export function proxyName(node: NodeIdentity | undefined): string {
  return node?.id.split('~')[2] ?? node?.id ?? 'unknown'
}

function unappliedIn(document: Document | undefined): Report {
  const report = new Report()
  if (document?.kind === 'ServiceEntry') unappliedParts(document.object, report)
  if (document?.kind === 'EgressRule') unappliedPartsOfEgressRule(document.object, report)
  return report
}

function byObject(rejections: Iterable<Rejection>): ReadonlyMap<string, readonly Rejection[]> {
  const found = new Map<string, Rejection[]>()
  for (const rejection of rejections) {
    const key = nameOf(rejection.object)
    const known = found.get(key)
    if (known === undefined) found.set(key, [rejection])
    else known.push(rejection)
  }
  return found
}

/** Other writers' fields of the status are not looked at. */
function saysTheSame(written: unknown, wanted: ServiceEntryStatus): boolean {
  const { conditions, addresses = null } = (written ?? {}) as { conditions?: unknown; addresses?: unknown }
  return isDeepStrictEqual({ conditions, addresses }, wanted)
}
