import type { WriteContext } from '#apiserver/objects/write-context.ts'
import { GarbageCollector } from './garbage-collector.ts'
import { NamespaceEmptier } from './namespace-emptier.ts'
import { OwnerIndex } from './owner-index.ts'

/** What the server itself does to objects after others deleted some: follows every change of the store. */
export class Lifecycle {
  readonly #collector: GarbageCollector
  readonly #emptier: NamespaceEmptier
  readonly #stops: readonly (() => void)[]

  constructor(context: WriteContext, onFault: (text: string) => void) {
    const { store, registry } = context
    const index = new OwnerIndex()
    const collector = new GarbageCollector(context, index, onFault)
    const emptier = new NamespaceEmptier(context, onFault)
    const ranges = registry.kinds.map(({ group, plural }) => ({ group, plural, namespace: undefined }))
    const objects = ranges.flatMap((range) => store.list(range).objects)
    for (const object of objects) index.add(object)
    for (const object of objects) {
      collector.found(object)
      emptier.found(object)
    }
    const { revision } = store
    this.#collector = collector
    this.#emptier = emptier
    this.#stops = ranges.map((range) =>
      store.watch(range, revision, (event) => {
        index.follow(event)
        collector.changed(event)
        emptier.changed(event)
      }),
    )
  }

  /** Settles when nothing is left to do: for tests. */
  async idle(): Promise<void> {
    await this.#emptier.idle()
    await this.#collector.idle()
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop()
    await this.#collector.close()
    await this.#emptier.close()
  }
}
