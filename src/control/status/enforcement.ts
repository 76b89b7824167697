/**
 * Which objects are live everywhere. A change of an object is live when every client that was connected when it was made has acknowledged it or
 * left; a newer change of the object takes the place of an older one. Keys and clients are compared with ===.
 */
export class Enforcement<Client> {
  /** What a key still waits for. Keys that wait for nobody are not here. */
  readonly #waiting = new Map<string, Set<Client>>()
  /** The same the other way round. */
  readonly #keysOf = new Map<Client, Set<string>>()

  /** Objects changed, and these clients do not have the change yet. */
  changed(keys: Iterable<string>, clients: readonly Client[]): void {
    for (const key of keys) {
      this.#forget(key)
      if (clients.length === 0) continue
      this.#waiting.set(key, new Set(clients))
      for (const client of clients) {
        const known = this.#keysOf.get(client)
        if (known === undefined) this.#keysOf.set(client, new Set([key]))
        else known.add(key)
      }
    }
  }

  /** The client has acknowledged everything, or is gone. Answers the keys that wait for nobody any more. */
  done(client: Client): readonly string[] {
    const live: string[] = []
    for (const key of this.#keysOf.get(client) ?? []) {
      const clients = this.#waiting.get(key)
      clients?.delete(client)
      if (clients?.size !== 0) continue
      this.#waiting.delete(key)
      live.push(key)
    }
    this.#keysOf.delete(client)
    return live
  }

  /** Whom a key waits for; empty when it is live everywhere. */
  waitingFor(key: string): ReadonlySet<Client> {
    return this.#waiting.get(key) ?? new Set()
  }

  /** What a client has not acknowledged. */
  awaitedBy(client: Client): ReadonlySet<string> {
    return this.#keysOf.get(client) ?? new Set()
  }

  #forget(key: string): void {
    for (const client of this.#waiting.get(key) ?? []) this.#keysOf.get(client)?.delete(key)
    this.#waiting.delete(key)
  }
}
