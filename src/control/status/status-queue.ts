import { messageOf } from '#base/fault.ts'
import { Backoff } from '#kube/client/backoff.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import { mayPass, type Refusal } from '#kube/client/outcome.ts'
import { type Resource, resourceName } from '#kube/client/resource.ts'

/** As many writes are under way at a time: what the store makes durable together costs it once, so that thousands of statuses are soon out of the way. */
const AT_A_TIME = 16
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
const STATUS_WRITE = { subresource: 'status', fieldManager: 'postern-control' } as const

/** Where the object is, among those of its resource. */
export interface Place {
  readonly namespace: string
  readonly name: string
}

/** A status that is to be written: the object, and what its status shall be. */
interface Wanted {
  readonly place: Place
  readonly status: object
}

/** Statuses of one resource on their way to the API, the newest one of each object. */
export class StatusQueue {
  readonly #client: Pick<KubeClient, 'patch'>
  readonly #resource: Resource
  readonly #say: (text: string) => void
  readonly #wanted = new Map<string, Wanted>()
  /** Objects with a write under way: a second one waits, so that the newer status is the one that stays. */
  readonly #underWay = new Set<string>()
  readonly #backoff: Backoff
  /** Why the last write failed, as it was said; undefined when it did not. */
  #ailment: string | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(
    client: Pick<KubeClient, 'patch'>,
    resource: Resource,
    say: (text: string) => void,
    firstRetryMs = FIRST_RETRY_MS,
  ) {
    this.#client = client
    this.#resource = resource
    this.#say = say
    this.#backoff = new Backoff(firstRetryMs, LAST_RETRY_MS)
  }

  write(place: Place, status: object): void {
    this.#wanted.set(`${place.namespace}/${place.name}`, { place, status })
    this.#next()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#wanted.clear()
  }

  #next(): void {
    if (this.#closed || this.#retry !== undefined) return
    for (const [key, wanted] of this.#wanted) {
      if (this.#underWay.size >= AT_A_TIME) return
      if (this.#underWay.has(key)) continue
      this.#wanted.delete(key)
      this.#underWay.add(key)
      void this.#write(key, wanted).finally(() => {
        this.#underWay.delete(key)
        this.#next()
      })
    }
  }

  async #write(key: string, wanted: Wanted): Promise<void> {
    const { place, status } = wanted
    try {
      const outcome = await this.#client.patch(
        this.#resource,
        place.name,
        place.namespace,
        'merge',
        { status },
        STATUS_WRITE,
      )
      if (outcome.kind === 'done') this.#mended()
      else this.#refused(key, wanted, outcome.refusal)
    } catch (thrown) {
      this.#again(key, wanted, messageOf(thrown))
    }
  }

  /** Of an object that is gone, or of a kind without status, nobody is left to tell. */
  #refused(key: string, wanted: Wanted, refusal: Refusal): void {
    const { code, message } = refusal
    if (code === 404) return
    if (mayPass(refusal)) this.#again(key, wanted, `${message} (${code})`)
    else this.#say(`the status of "${key}" of ${resourceName(this.#resource)} is not taken: ${message} (${code})`)
  }

  #again(key: string, wanted: Wanted, why: string): void {
    if (this.#closed) return
    if (this.#ailment === undefined)
      this.#say(`statuses of ${resourceName(this.#resource)} are not written yet: ${why}`)
    this.#ailment ??= why
    if (!this.#wanted.has(key)) this.#wanted.set(key, wanted)
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#next()
    }, this.#backoff.next())
  }

  #mended(): void {
    this.#backoff.reset()
    if (this.#ailment !== undefined) this.#say(`statuses of ${resourceName(this.#resource)} are written again`)
    this.#ailment = undefined
  }
}
