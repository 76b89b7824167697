import type { Store, StoredObject, StoreKey } from '#apiserver/store/store.ts'
import { Fault } from '#base/fault.ts'
import { formatContinue } from '#kube/continue-token.ts'
import type { ListOptions } from '#kube/list-options.ts'
import { continueTooOld, notFound, versionTooLarge, versionTooOld } from '#kube/status-errors.ts'
import { selects, selectsAll } from './selection.ts'
import { type CollectionTarget, keyOf, type ObjectTarget, rangeOf } from './target.ts'

/** One page of a listing. */
export interface Listing {
  readonly objects: readonly StoredObject[]
  readonly revision: number
  /** For the next page; undefined when this was the last one. */
  readonly continue: string | undefined
  /** How many follow; undefined when a selector makes that unknown, and on the last page. */
  readonly remaining: number | undefined
}

/** Reads one object. Throws a StatusError `NotFound`. */
export function readObject(store: Store, target: ObjectTarget): StoredObject {
  const stored = store.get(keyOf(target))
  if (stored !== undefined) return stored
  const { group, plural } = target.served.definition
  throw notFound(group, plural, target.name)
}

/** Lists objects by namespace and name. Throws a StatusError when the state that is asked for is no longer, or not yet, there. */
export function listObjects(store: Store, target: CollectionTarget, options: ListOptions): Listing {
  const { limit } = options
  const range = rangeOf(target)
  let from = beginning(store, target, options)
  const objects: StoredObject[] = []
  for (;;) {
    const page = readPage(store, options, () => store.list(range, limit && limit - objects.length, from))
    for (const stored of page.objects) if (selects(options, stored.value)) objects.push(stored)
    from = page.next
    if (from === undefined) return { objects, revision: page.revision, continue: undefined, remaining: undefined }
    if (objects.length === limit) {
      const { namespace, name } = from.after
      const token = formatContinue({ revision: from.revision, namespace, name })
      const remaining = selectsAll(options) ? page.remaining : undefined
      return { objects, revision: page.revision, continue: token, remaining }
    }
  }
}

interface Position {
  readonly after: StoreKey
  readonly revision: number
}

/** Where to begin: behind the page before, in an older state, or (undefined) with the newest. */
function beginning(store: Store, { served }: CollectionTarget, options: ListOptions): Position | undefined {
  const { group, plural } = served.definition
  if (options.continue !== undefined) {
    const { revision, namespace, name } = options.continue
    return { after: { group, plural, namespace, name }, revision }
  }
  const { resourceVersion = 0, resourceVersionMatch } = options
  if (resourceVersion > store.revision) throw versionTooLarge(String(resourceVersion), String(store.revision))
  if (resourceVersionMatch !== 'Exact') return undefined
  return { after: { group, plural, namespace: '', name: '' }, revision: resourceVersion }
}

function readPage<T>(store: Store, options: ListOptions, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'store/compacted') throw thrown
    if (options.continue !== undefined) throw continueTooOld()
    throw versionTooOld(String(options.resourceVersion), String(store.revision))
  }
}
