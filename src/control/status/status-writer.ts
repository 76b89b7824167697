import type { KubeClient } from '#kube/client/kube-client.ts'
import { type Resource, resourceName } from '#kube/client/resource.ts'
import { type Place, StatusQueue } from './status-queue.ts'

/**
 * Writes statuses to the API, the newest one of each object. What cannot be written now is tried again, whatever the reason (a server that is away or
 * overloaded, missing rights, an expired token), without holding up other resources; what the server will never take is let be.
 */
export class StatusWriter {
  readonly #client: KubeClient
  readonly #say: (text: string) => void
  readonly #queues = new Map<string, StatusQueue>()

  /** `say` is told why statuses of a resource are not written, once for as long as they are not. */
  constructor(client: KubeClient, say: (text: string) => void) {
    this.#client = client
    this.#say = say
  }

  write(resource: Resource, place: Place, status: object): void {
    const name = resourceName(resource)
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = new StatusQueue(this.#client, resource, this.#say)
      this.#queues.set(name, queue)
    }
    queue.write(place, status)
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close()
  }
}
