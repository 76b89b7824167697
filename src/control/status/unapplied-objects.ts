import { isDeepStrictEqual } from 'node:util'
import type { KindDefinition } from '#api/kind.ts'
import { UNAPPLIED_KINDS } from '#api/kinds.ts'
import { SIDECAR } from '#api/networking/sidecar-kind.ts'
import type { FollowReport } from '#control/source/follow-report.ts'
import { Informer, type InformerEvent } from '#kube/client/informer.ts'
import type { KubeClient, Selection } from '#kube/client/kube-client.ts'
import type { Resource } from '#kube/client/resource.ts'
import { conditionOf, conditionsIn } from './condition.ts'
import type { StatusWriter } from './status-writer.ts'
import { unappliedVerdict } from './unapplied-verdict.ts'
import { REGISTERED, WORKLOAD_ENTRIES } from './workloads.ts'

export interface UnappliedObjectsOptions {
  readonly client: KubeClient
  readonly writer: Pick<StatusWriter, 'write'>
  /** Told how following fares. */
  readonly report: FollowReport
  readonly now?: () => Date
}

/**
 * Follows the objects that have no effect in the mesh, or not all of it, for nothing but to say so in their status: whoever applies a VirtualService is
 * not told by its silence that it works.
 */
export class UnappliedObjects {
  readonly #options: UnappliedObjectsOptions
  readonly #informers: readonly Informer[]

  constructor(options: UnappliedObjectsOptions) {
    this.#options = options
    this.#informers = [...UNAPPLIED_KINDS, SIDECAR].map((kind) => this.#follow(resourceOf(kind)))
  }

  close(): void {
    for (const informer of this.#informers) void informer.stop()
  }

  #follow(resource: Resource): Informer {
    const informer = new Informer(this.#options.client, {
      resource,
      selection: selectionOf(resource),
      mayBeAbsent: true,
      onEvent: (event) => this.#take(resource, event),
      onState: this.#options.report.of({ resource, isEssential: false, isExpected: false }),
    })
    informer.start()
    return informer
  }

  #take(resource: Resource, event: InformerEvent): void {
    if (event.kind === 'removed') return
    const { metadata, status } = event.object
    // Each generation is judged once: a server that keeps another status than it was sent is not asked again and again.
    if (event.kind === 'changed' && event.before.metadata.generation === metadata.generation) return
    const { namespace = 'default', name, generation = 0 } = metadata
    const { writer, now = () => new Date() } = this.#options
    const condition = conditionOf(unappliedVerdict(event.object), generation, status, now())
    const known = conditionsIn(status)
    if (known.some((one) => isDeepStrictEqual(one, condition))) return
    const others = known.filter(({ type }) => type !== condition.type)
    writer.write(resource, { namespace, name }, { conditions: [...others, condition] })
  }
}

function resourceOf({ group, versions, plural, scope }: KindDefinition): Resource {
  return { group, version: versions[0], plural, namespaced: scope === 'Namespaced' }
}

/** The workloads that are registered here have the effect that they are there for. */
function selectionOf({ plural }: Resource): Selection {
  return plural === WORKLOAD_ENTRIES.plural ? { labelSelector: `!${REGISTERED}` } : {}
}
