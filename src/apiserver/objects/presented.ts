import type { JsonObject } from '#api/kind.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import type { ServedKind } from './kind-registry.ts'

/** One object as a client of one version sees it, and its JSON text once somebody needed it. */
interface Presented {
  readonly object: JsonObject
  text: string | undefined
}

const presentedObjects = new WeakMap<StoredObject, Map<string, Presented>>()

/** A stored object as it is served in one version: with that apiVersion, and its revision as resourceVersion. Made once for all who ask. */
export function present(stored: StoredObject, served: ServedKind): JsonObject {
  return presentedAs(stored, served).object
}

/** The JSON text of the same: a change that a thousand clients watch is written once. */
export function presentText(stored: StoredObject, served: ServedKind): string {
  const presented = presentedAs(stored, served)
  presented.text ??= JSON.stringify(presented.object)
  return presented.text
}

function presentedAs(stored: StoredObject, served: ServedKind): Presented {
  const versions = presentedObjects.get(stored) ?? new Map<string, Presented>()
  if (versions.size === 0) presentedObjects.set(stored, versions)
  const known = versions.get(served.apiVersion)
  if (known !== undefined) return known
  const presented = { object: withRevision(stored.value, served, stored.revision), text: undefined }
  versions.set(served.apiVersion, presented)
  return presented
}

/** Revision 0 is that of an object which is not stored: a dry run made it. */
function withRevision(value: JsonObject, served: ServedKind, revision: number): JsonObject {
  const { metadata, ...rest } = value
  return {
    ...rest,
    apiVersion: served.apiVersion,
    metadata: revision === 0 ? metadata : { ...(metadata as JsonObject), resourceVersion: String(revision) },
  }
}
