import { placeOf } from './object-index.ts'
import type { StoredObject, StoreKey, StorePage } from './store.ts'

/** One page of a listing. `limit` undefined or 0: all that is left. */
export function pageOf(
  objects: readonly StoredObject[],
  revision: number,
  limit: number | undefined,
  after: StoreKey | undefined,
): StorePage {
  let start = 0
  if (after !== undefined) {
    start = placeOf(objects, after)
    const found = objects[start]?.key
    if (found?.namespace === after.namespace && found.name === after.name) start++
  }
  const end = limit === undefined || limit === 0 ? objects.length : Math.min(start + limit, objects.length)
  const page = objects.slice(start, end)
  const last = page.at(-1)
  const remaining = objects.length - end
  const next = remaining > 0 && last !== undefined ? { after: last.key, revision } : undefined
  return { objects: page, revision, next, remaining }
}
