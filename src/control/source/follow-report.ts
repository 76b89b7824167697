import type { FollowState } from '#kube/client/informer.ts'
import { resourceName } from '#kube/client/resource.ts'
import { type FollowedResource, failureSentences } from './follow-failures.ts'

/** What befalls several resources, which are asked for one by one, is told together; and what is over before that, as while a server starts, not at all. */
const GATHER_MS = 1_000

/** Tells, in sentences, how following the API fares: each is said once while it holds, for however many resources. */
export class FollowReport {
  readonly #say: (text: string) => void
  readonly #gatherMs: number
  readonly #states = new Map<FollowedResource, FollowState>()
  /** What was told, or was not worth telling. */
  #told: ReadonlyMap<FollowedResource, FollowState> = new Map()
  /** Resources that the server had when it was last known. */
  readonly #present = new Set<FollowedResource>()
  /** Resources that were said not to be there. */
  readonly #missed = new Set<FollowedResource>()
  #isSynced = false
  #timer: NodeJS.Timeout | undefined

  constructor(say: (text: string) => void, gatherMs = GATHER_MS) {
    this.#say = say
    this.#gatherMs = gatherMs
  }

  /** The listener of the informer that follows the resource. */
  of(followed: FollowedResource): (state: FollowState) => void {
    return (state) => {
      this.#states.set(followed, state)
      this.#timer ??= setTimeout(() => this.#tell(), this.#gatherMs)
    }
  }

  /** Everything essential has been read once. */
  synced(): void {
    this.#isSynced = true
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #tell(): void {
    this.#timer = undefined
    const before = this.#told
    const now = new Map(this.#states)
    this.#told = now
    for (const sentence of failureSentences(before, now, this.#isSynced)) this.#say(sentence)
    this.#tellAbsent([...now.keys()].filter((one) => isNow('absent', one, before, now)))
    this.#tellPresent([...now.keys()].filter((one) => isNow('following', one, before, now)))
    if (isAnyFailing(before) && !isAnyFailing(now)) this.#say('the API is followed again')
  }

  #tellAbsent(absent: readonly FollowedResource[]): void {
    const gone = absent.filter((one) => this.#present.delete(one))
    const missing = absent.filter((one) => one.isExpected && !gone.includes(one) && !this.#missed.has(one))
    for (const one of [...gone, ...missing]) this.#missed.add(one)
    const hope = 'followed as soon as they are defined'
    if (missing.length > 0) this.#say(`the API server does not have ${listed(missing)}: ${hope}`)
    if (gone.length > 0)
      this.#say(`the API server no longer has ${listed(gone)}, so that none counts any more: ${hope}`)
  }

  #tellPresent(present: readonly FollowedResource[]): void {
    const found = present.filter((one) => this.#missed.delete(one))
    for (const one of present) this.#present.add(one)
    if (found.length > 0) this.#say(`the API server has ${listed(found)} now: followed`)
  }
}

type States = ReadonlyMap<FollowedResource, FollowState>

function isNow(kind: FollowState['kind'], one: FollowedResource, before: States, now: States): boolean {
  return now.get(one)?.kind === kind && before.get(one)?.kind !== kind
}

function isAnyFailing(states: States): boolean {
  return [...states.values()].some(({ kind }) => kind === 'failing')
}

function listed(followed: readonly FollowedResource[]): string {
  const names = followed.map(({ resource }) => `${resourceName(resource)} ${resource.version}`)
  return [...new Set(names)].join(', ')
}
