import type { Fault } from '#base/fault.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import type { Resource } from '#kube/client/resource.ts'

/** As many writes are under way at a time: what the store makes durable together costs it once, so that thousands of statuses are soon out of the way. */
const AT_A_TIME = 16
const RETRY_MS = 1_000
const STATUS_WRITE = { subresource: 'status', fieldManager: 'postern-control' } as const

/** A status that is to be written: the object, and what its status shall be. */
interface Wanted {
  readonly resource: Resource
  readonly place: Place
  readonly status: object
}

/** Where the object is, among those of its resource. */
export interface Place {
  readonly namespace: string
  readonly name: string
}

/** Writes statuses to the API, the newest one of each object; what is refused for good is given up, and what cannot be asked is tried again. */
export class StatusWriter {
  readonly #client: KubeClient
  readonly #onFault: (fault: Fault) => void
  readonly #wanted = new Map<string, Wanted>()
  /** Objects with a write under way: a second one waits, so that the newer status is the one that stays. */
  readonly #underWay = new Set<string>()
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(client: KubeClient, onFault: (fault: Fault) => void) {
    this.#client = client
    this.#onFault = onFault
  }

  write(resource: Resource, place: Place, status: object): void {
    this.#wanted.set(`${resource.plural}/${place.namespace}/${place.name}`, { resource, place, status })
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
    const { resource, place, status } = wanted
    try {
      // Gone, or of a kind without status: nobody is left to tell.
      await this.#client.patch(resource, place.name, place.namespace, 'merge', { status }, STATUS_WRITE)
    } catch (thrown) {
      if (this.#closed) return
      this.#onFault(thrown as Fault)
      if (!this.#wanted.has(key)) this.#wanted.set(key, wanted)
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined
        this.#next()
      }, RETRY_MS)
    }
  }
}
