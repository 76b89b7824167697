import { checkManifestFile, type Document } from '#api/document.ts'
import type { InformerEvent } from '#kube/client/informer.ts'
import type { ApiObject } from '#kube/client/resource.ts'
import type { Manifest } from '#kube/manifest.ts'
import type { Message } from '#kube/message.ts'
import { keyOf } from '#kube/object.ts'

/** An object of the API as the control plane took it. */
export interface FollowedObject {
  /** As the API gives it now. */
  readonly object: ApiObject
  /** Checked, unless it has errors. The same for as long as nothing changed that it is made of. */
  readonly document: Document | undefined
  /** Every error and warning. */
  readonly messages: readonly Message[]
}

/** The objects of one resource, each decoded when it changes and not when its status does. */
export class FollowedObjects {
  readonly #objects = new Map<string, FollowedObject>()

  /** Takes a change; answers whether the configuration changed with it. */
  take(event: InformerEvent): boolean {
    const key = keyOf({ ...event.object, spec: undefined })
    if (event.kind === 'removed') return this.#objects.delete(key)
    const before = this.#objects.get(key)
    if (before !== undefined && saysTheSame(before.object, event.object)) {
      this.#objects.set(key, { ...before, object: event.object })
      return false
    }
    this.#objects.set(key, follow(event.object))
    return true
  }

  get(key: string): FollowedObject | undefined {
    return this.#objects.get(key)
  }

  values(): IterableIterator<FollowedObject> {
    return this.#objects.values()
  }
}

/** Status and bookkeeping aside. The API counts a generation for every change outside of metadata and status. */
function saysTheSame(a: ApiObject, b: ApiObject): boolean {
  const { metadata: before } = a
  const { metadata: now } = b
  return (
    before.uid === now.uid &&
    before.generation === now.generation &&
    now.generation !== undefined &&
    JSON.stringify([before.labels, before.annotations]) === JSON.stringify([now.labels, now.annotations])
  )
}

function follow(object: ApiObject): FollowedObject {
  const { kind, apiVersion, metadata } = object
  const file = `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`
  const { status: _status, ...value } = object
  const manifest: Manifest = {
    file,
    apiVersion,
    kind,
    value,
    document: value,
    source: '',
    // The API has objects, not texts.
    locate: () => ({ line: 1, column: 1 }),
  }
  const { documents, messages } = checkManifestFile({ file, manifests: [manifest], messages: [] })
  return { object, document: documents[0], messages }
}
