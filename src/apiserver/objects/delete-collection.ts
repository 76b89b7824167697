import type { StoredObject } from '#apiserver/store/store.ts'
import { StatusError } from '#kube/status.ts'
import type { DeleteOptions } from '#kube/write-options.ts'
import { deleteObject } from './delete.ts'
import type { CollectionTarget } from './target.ts'
import type { WriteContext } from './write-context.ts'

/** Deletes objects that were listed; what went away meanwhile is no fault. */
export async function deleteCollection(
  context: WriteContext,
  { served }: CollectionTarget,
  objects: readonly StoredObject[],
  options: DeleteOptions,
): Promise<void> {
  const deletions = objects.map(async ({ key: { namespace, name } }) => {
    try {
      await deleteObject(context, { served, namespace, name, subresource: '' }, options)
    } catch (thrown) {
      if (!(thrown instanceof StatusError) || thrown.status.reason !== 'NotFound') throw thrown
    }
  })
  await Promise.all(deletions)
}
