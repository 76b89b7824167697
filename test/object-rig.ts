import type { JsonObject } from '#api/kind.ts'
import { KINDS } from '#api/kinds.ts'
import { applyObject } from '#apiserver/objects/apply.ts'
import { createObject } from '#apiserver/objects/create.ts'
import { deleteObject } from '#apiserver/objects/delete.ts'
import { KindRegistry, type ServedKind } from '#apiserver/objects/kind-registry.ts'
import { patchObject } from '#apiserver/objects/patch.ts'
import { present } from '#apiserver/objects/presented.ts'
import { readObject } from '#apiserver/objects/read.ts'
import type { ObjectTarget } from '#apiserver/objects/target.ts'
import { updateObject } from '#apiserver/objects/update.ts'
import type { WriteContext, WriteResult } from '#apiserver/objects/write-context.ts'
import type { WriteOptions } from '#apiserver/objects/write-options.ts'
import { openMemoryStore } from '#apiserver/store/open-store.ts'
import { StatusError } from '#kube/status.ts'
import { parseDeleteOptions } from '#kube/write-options.ts'

const OPTIONS: WriteOptions = {
  dryRun: false,
  fieldValidation: 'Strict',
  fieldManager: 'test',
  force: false,
}

/** The objects of an API server without the server: a store in memory, and writes as requests make them. */
export class ObjectRig {
  readonly context: WriteContext
  #time = Date.parse('2026-01-01T00:00:00Z')

  constructor(history?: { readonly events: number; readonly bytes: number }) {
    this.context = {
      store: openMemoryStore(history),
      registry: new KindRegistry(KINDS),
      now: () => new Date(this.#time),
    }
  }

  /** Lets time pass. */
  later(seconds: number): void {
    this.#time += seconds * 1000
  }

  served(apiVersion: string, kind: string): ServedKind {
    const served = this.context.registry.findKind(apiVersion, kind)
    if (served === undefined) throw new Error(`${apiVersion} ${kind} is not served`)
    return served
  }

  /** The place of an object: that of one which is written, or the words for it. */
  target(object: JsonObject, subresource: ObjectTarget['subresource'] = ''): ObjectTarget {
    const served = this.served(String(object.apiVersion), String(object.kind))
    const { name = '', namespace = 'default' } = object.metadata as {
      readonly name?: string
      readonly namespace?: string
    }
    return { served, namespace: served.definition.scope === 'Namespaced' ? namespace : '', name, subresource }
  }

  create(object: JsonObject, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
    return this.createIn(object, object, options)
  }

  /** Creates an object, whatever it is, where `place` is created. */
  createIn(place: JsonObject, object: JsonObject, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
    return createObject(this.context, { ...this.target(place), name: '' }, bodyOf(object), { ...OPTIONS, ...options })
  }

  update(
    object: JsonObject,
    options: Partial<WriteOptions> = {},
    subresource: '' | 'status' = '',
  ): Promise<WriteResult> {
    return updateObject(this.context, this.target(object, subresource), bodyOf(object), { ...OPTIONS, ...options })
  }

  /** Replaces what stands at `place`, whatever the object is. */
  updateAt(place: JsonObject, object: JsonObject): Promise<WriteResult> {
    return updateObject(this.context, this.target(place), bodyOf(object), OPTIONS)
  }

  patch(
    object: JsonObject,
    patch: unknown,
    options: Partial<WriteOptions> & { type?: string } = {},
  ): Promise<WriteResult> {
    const { type = 'application/merge-patch+json', ...rest } = options
    const body = { text: JSON.stringify(patch), mediaType: type }
    return patchObject(this.context, this.target(object), body, { ...OPTIONS, ...rest })
  }

  apply(object: JsonObject, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
    return applyObject(this.context, this.target(object), JSON.stringify(object), { ...OPTIONS, ...options })
  }

  async delete(object: JsonObject, options: object = {}): Promise<WriteResult> {
    return deleteObject(this.context, this.target(object), parseDeleteOptions(new URLSearchParams(), options))
  }

  /** The object as a client sees it. */
  get(object: JsonObject): JsonObject {
    const target = this.target(object)
    return present(readObject(this.context.store, target), target.served)
  }

  has(object: JsonObject): boolean {
    return refusalOf(() => this.get(object)) === undefined
  }
}

/** A config map, for tests that are about no kind in particular. */
export function configMap(name: string, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data: {} }
}

/** A valid service entry. */
export function serviceEntry(name: string, spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name },
    spec: {
      hosts: ['a.example.com'],
      ports: [{ number: 443, name: 'https', protocol: 'HTTPS' }],
      resolution: 'DNS',
      ...spec,
    },
  }
}

/** "REASON: message" of the StatusError that something ends with; undefined when it ends well. */
export function refusalOf(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (thrown) {
    if (thrown instanceof StatusError) return `${thrown.status.reason}: ${thrown.message}`
    throw thrown
  }
}

/** The same of a promise. */
export async function rejectionOf(promise: Promise<unknown>): Promise<string | undefined> {
  const outcome = await promise.then(
    () => () => {},
    (thrown: unknown) => () => {
      throw thrown
    },
  )
  return refusalOf(outcome)
}

function bodyOf(object: JsonObject): { readonly text: string; readonly mediaType: string } {
  return { text: JSON.stringify(object), mediaType: 'application/json' }
}
