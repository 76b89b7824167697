import { createObject } from './create.ts'
import { BUILT_IN_NAMESPACES, namespaceKind } from './namespaces.ts'
import type { WriteContext } from './write-context.ts'

/** Creates the namespaces that are always there, where they are not. */
export async function createBuiltInNamespaces(context: WriteContext): Promise<void> {
  const served = namespaceKind(context.registry)
  if (served === undefined) return
  const { apiVersion, definition } = served
  for (const name of BUILT_IN_NAMESPACES) {
    if (context.store.get({ group: '', plural: 'namespaces', namespace: '', name }) !== undefined) continue
    const text = JSON.stringify({ apiVersion, kind: definition.kind, metadata: { name } })
    await createObject(
      context,
      { served, namespace: '', name: '', subresource: '' },
      { text, mediaType: 'application/json' },
      { dryRun: false, fieldManager: 'postern', fieldValidation: 'Strict', force: false },
    )
  }
}
