import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, messageOf } from '#base/fault.ts'
import type { ApiAccess } from './kubeconfig.ts'
import { type ApiOutcome, type Refusal, refusalOf, warningsOf } from './outcome.ts'
import { type ApiObject, apiVersionOfResource, type Resource, resourcePath } from './resource.ts'
import { readBody, Transport, type TransportRequest } from './transport.ts'
import { readWatch, type WatchEnd, type WatchEvent } from './watch-stream.ts'

/** A patch of each type that the API takes. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const PATCH_CONTENT: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** Which objects of a collection. */
export interface Selection {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

/** Parameters of a write. */
export interface WriteOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
  /** Server-side apply: take fields over from other managers. */
  readonly force?: boolean
  /** "status" and the like. */
  readonly subresource?: string
}

/** Parameters of a deletion. */
export interface DeleteOptions {
  readonly dryRun?: boolean
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly uid?: string
}

/** Where a watch begins. */
export interface WatchOptions extends Selection {
  readonly resourceVersion?: string | undefined
  readonly bookmarks?: boolean
  /** The server ends the watch after this long. */
  readonly timeoutSeconds?: number
  /** Told once, when the server has agreed to tell. */
  readonly onBegun?: () => void
  readonly signal?: AbortSignal | undefined
}

/** All objects of a selection, and the version at which they were read. */
export interface ObjectList {
  readonly items: readonly ApiObject[]
  readonly resourceVersion: string
}

const PAGE_SIZE = 500
const REQUEST_TIMEOUT_MS = 30_000
/** A server that asks for patience is asked this often, and never waited for longer than this at a time. */
const MOST_RETRIES = 5
const LONGEST_WAIT_SECONDS = 5
const WATCH_GRACE_SECONDS = 30

/** The Kubernetes API of one server, without a word of any kind. What the server refuses is an outcome; what cannot be asked is a Fault. */
export class KubeClient {
  /** The namespace that the kubeconfig's context names. */
  readonly namespace: string
  readonly #transport: Transport
  readonly #timeoutMs: number

  /** `mend` is what may be done when the server cannot be reached. */
  constructor(access: ApiAccess, options: { readonly timeoutMs?: number; readonly mend?: string } = {}) {
    this.namespace = access.namespace
    this.#transport = new Transport(access, options.mend)
    this.#timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS
  }

  get(resource: Resource, name: string, namespace: string | undefined): Promise<ApiOutcome<ApiObject>> {
    return this.#object('GET', resourcePath(resource, { namespace, name }))
  }

  /** All objects of a selection, read in pages that show one and the same state. */
  async list(resource: Resource, selection: Selection = {}, signal?: AbortSignal): Promise<ApiOutcome<ObjectList>> {
    const first = await this.#listPages(resource, selection, PAGE_SIZE, signal)
    // The state that the pages show may be forgotten before the last one is asked for: then all at once.
    return first.kind === 'refused' && first.refusal.code === 410
      ? this.#listPages(resource, selection, undefined, signal)
      : first
  }

  create(resource: Resource, object: ApiObject, options: WriteOptions = {}): Promise<ApiOutcome<ApiObject>> {
    const { namespace } = object.metadata
    return this.#object('POST', resourcePath(resource, { namespace }) + query(writeParameters(options)), json(object))
  }

  /** Writes an object over the one of its name; its resourceVersion must be the current one, if it has any. */
  replace(resource: Resource, object: ApiObject, options: WriteOptions = {}): Promise<ApiOutcome<ApiObject>> {
    const place = placeOf(object.metadata.name, object.metadata.namespace, options)
    return this.#object('PUT', resourcePath(resource, place) + query(writeParameters(options)), json(object))
  }

  /** `patch` is a list of operations for "json", and else a part of the object. */
  patch(
    resource: Resource,
    name: string,
    namespace: string | undefined,
    type: PatchType,
    patch: object,
    options: WriteOptions = {},
  ): Promise<ApiOutcome<ApiObject>> {
    const path = resourcePath(resource, placeOf(name, namespace, options)) + query(writeParameters(options))
    return this.#object('PATCH', path, { body: JSON.stringify(patch), contentType: PATCH_CONTENT[type] })
  }

  /** Answers with the object where it stays for its finalizers, and with a Status where it is gone. */
  delete(
    resource: Resource,
    name: string,
    namespace: string | undefined,
    options: DeleteOptions = {},
  ): Promise<ApiOutcome<Readonly<Record<string, unknown>>>> {
    const { dryRun, propagationPolicy, uid } = options
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(dryRun && { dryRun: ['All'] }),
      ...(propagationPolicy && { propagationPolicy }),
      ...(uid && { preconditions: { uid } }),
    }
    return this.raw('DELETE', resourcePath(resource, { namespace, name }), json(body))
  }

  /**
   * Tells of changes, in their order, until the watch ends; aborting `signal` ends it too.
   * Throws a Fault when the connection breaks or cannot be made.
   */
  async watch(resource: Resource, options: WatchOptions, onEvent: (event: WatchEvent) => void): Promise<WatchEnd> {
    const path = resourcePath(resource, { namespace: options.namespace }) + query(watchParameters(options))
    const overdue = overdueSignal(options.timeoutSeconds)
    const signals = [options.signal, overdue].filter((one) => one !== undefined)
    try {
      const { response, refused } = await this.#send({ method: 'GET', path, signal: AbortSignal.any(signals) })
      if (refused !== undefined) return { kind: 'refused', refusal: refused }
      options.onBegun?.()
      return await readWatch(response, onEvent)
    } catch (thrown) {
      if (options.signal?.aborted || overdue?.aborted) return { kind: 'ended' }
      throw thrown
    }
  }

  /** Any request of which JSON comes back: discovery, `/version`. */
  async raw(
    method: string,
    path: string,
    content: Content = {},
  ): Promise<ApiOutcome<Readonly<Record<string, unknown>>>> {
    const { response, refused, warnings } = await this.#send({ method, path, ...content })
    if (refused !== undefined) return { kind: 'refused', refusal: refused, warnings }
    return { kind: 'done', value: parseObject(await readBody(response, this.#timeoutMs), path), warnings }
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#transport.close()
  }

  async #object(method: string, path: string, content: Content = {}): Promise<ApiOutcome<ApiObject>> {
    const outcome = await this.raw(method, path, content)
    return outcome.kind === 'refused' ? outcome : { ...outcome, value: asObject(outcome.value, path) }
  }

  async #listPages(
    resource: Resource,
    { namespace, labelSelector, fieldSelector }: Selection,
    limit: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ApiOutcome<ObjectList>> {
    const items: ApiObject[] = []
    const warnings: string[] = []
    let next: string | undefined
    for (;;) {
      const parameters = { labelSelector, fieldSelector, limit, continue: next }
      const path = resourcePath(resource, { namespace }) + query(parameters)
      const page = await this.raw('GET', path, { signal })
      warnings.push(...page.warnings)
      if (page.kind === 'refused') return { ...page, warnings }
      const { items: found, metadata } = readPage(page.value, resource, path)
      for (const item of found) items.push(item)
      next = metadata.continue
      if (next === undefined || next === '') {
        return { kind: 'done', value: { items, resourceVersion: metadata.resourceVersion ?? '' }, warnings }
      }
    }
  }

  /** Sends a request, again when the server asks for patience; reads the answer when it is a refusal. */
  async #send(request: Omit<TransportRequest, 'timeoutMs'>): Promise<Sent> {
    for (let retry = 0; ; retry++) {
      const response = await this.#transport.send({ ...request, timeoutMs: this.#timeoutMs })
      const warnings = warningsOf(response.headers.warning)
      const code = response.statusCode ?? 0
      if (code >= 200 && code < 300) return { response, refused: undefined, warnings }
      const refused = refusalOf(code, await readBody(response, this.#timeoutMs))
      const waitSeconds = Number(response.headers['retry-after'])
      if (code !== 429 || !(waitSeconds >= 0) || retry === MOST_RETRIES) return { response, refused, warnings }
      await sleep(
        Math.min(waitSeconds, LONGEST_WAIT_SECONDS) * 1000,
        undefined,
        request.signal && { signal: request.signal },
      )
    }
  }
}

type Content = Pick<TransportRequest, 'body' | 'contentType' | 'signal'>

interface Sent {
  readonly response: IncomingMessage
  readonly refused: Refusal | undefined
  readonly warnings: readonly string[]
}

/** A server that does not end a watch when it was to has silently died, or its machine has. */
function overdueSignal(timeoutSeconds: number | undefined): AbortSignal | undefined {
  return timeoutSeconds === undefined ? undefined : AbortSignal.timeout((timeoutSeconds + WATCH_GRACE_SECONDS) * 1000)
}

function placeOf(name: string, namespace: string | undefined, { subresource }: WriteOptions) {
  return { name, namespace, ...(subresource === undefined ? {} : { subresource }) }
}

function json(value: object): Content {
  return { body: JSON.stringify(value), contentType: 'application/json' }
}

type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

function writeParameters({ dryRun, fieldManager, fieldValidation, force }: WriteOptions): Parameters {
  return { dryRun: dryRun ? 'All' : undefined, fieldManager, fieldValidation, force }
}

function watchParameters(options: WatchOptions): Parameters {
  const { labelSelector, fieldSelector, resourceVersion, bookmarks, timeoutSeconds } = options
  return { watch: true, labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks: bookmarks, timeoutSeconds }
}

function query(parameters: Parameters): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.append(name, String(value))
  return search.size === 0 ? '' : `?${search}`
}

function parseObject(body: string, path: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (thrown) {
    throw new Fault('kube/answer', `what ${path} answered is no JSON: ${messageOf(thrown)}`, { cause: thrown })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Fault('kube/answer', `what ${path} answered is no object`)
}

function asObject(value: Readonly<Record<string, unknown>>, path: string): ApiObject {
  const { kind, metadata } = value
  if (typeof kind === 'string' && typeof metadata === 'object' && metadata !== null)
    return value as unknown as ApiObject
  throw new Fault('kube/answer', `what ${path} answered is no object of the API`)
}

interface Page {
  readonly items: readonly ApiObject[]
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string }
}

/** Items of core kinds come without apiVersion and kind: the list's tell them. */
function readPage(value: Readonly<Record<string, unknown>>, resource: Resource, path: string): Page {
  const { kind, items, metadata } = value
  if (!(Array.isArray(items) || items === null || items === undefined) || typeof kind !== 'string') {
    throw new Fault('kube/answer', `what ${path} answered is no list`)
  }
  const type = { apiVersion: apiVersionOfResource(resource), kind: kind.replace(/List$/, '') }
  const objects = ((items ?? []) as readonly Record<string, unknown>[]).map((item) =>
    asObject({ ...type, ...item }, path),
  )
  return { items: objects, metadata: (metadata ?? {}) as Page['metadata'] }
}
