import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

interface Widget {
  readonly apiVersion: 'test.dev/v1'
  readonly kind: 'Widget'
  readonly metadata: { name: string; namespace: string; uid: string; resourceVersion: string }
  readonly size: number
}

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  readonly object: Widget
}

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/**
 * Widgets of the namespace "default", listed in pages and watched as the Kubernetes API has it; `answer` may reply to a request in its place.
 * What it holds outlives `stop`, so that it can be started again on the same port.
 */
export class FakeApiServer {
  readonly seen: SeenRequest[] = []
  answer: ((request: SeenRequest, response: ServerResponse) => boolean) | undefined
  readonly #tls: ServerOptions | undefined
  readonly #widgets = new Map<string, Widget>()
  readonly #history: Change[] = []
  readonly #watches = new Set<ServerResponse>()
  #server: Server | undefined
  #port = 0
  #revision = 10
  #forgotten = 0
  #uids = 0

  constructor(tls?: ServerOptions) {
    this.#tls = tls
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`
  }

  get watches(): number {
    return this.#watches.size
  }

  async start(): Promise<void> {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    const server = this.#tls === undefined ? createHttpServer(listener) : createHttpsServer(this.#tls, listener)
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    this.#watches.clear()
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  }

  /** Names and sizes, as they are now. */
  get state(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#widgets].map(([name, { size }]) => [name, size]))
  }

  put(name: string, size: number): void {
    const before = this.#widgets.get(name)
    const uid = before?.metadata.uid ?? `uid-${++this.#uids}`
    const metadata = { name, namespace: 'default', uid, resourceVersion: String(++this.#revision) }
    const widget: Widget = { apiVersion: 'test.dev/v1', kind: 'Widget', metadata, size }
    this.#widgets.set(name, widget)
    this.#tell({ type: before === undefined ? 'ADDED' : 'MODIFIED', revision: this.#revision, object: widget })
  }

  remove(name: string): void {
    const before = this.#widgets.get(name)
    if (before === undefined) return
    this.#widgets.delete(name)
    const metadata = { ...before.metadata, resourceVersion: String(++this.#revision) }
    this.#tell({ type: 'DELETED', revision: this.#revision, object: { ...before, metadata } })
  }

  /** Cuts every watch in the middle of a line. */
  breakWatches(): void {
    for (const watch of this.#watches) {
      watch.write('{"type":"ADDED","obj')
      watch.destroy()
    }
    this.#watches.clear()
  }

  /** Forgets the history: a watch from an earlier revision gets 410, in the stream. */
  compact(): void {
    this.#history.length = 0
    this.#forgotten = this.#revision
  }

  bookmark(): void {
    const metadata = { resourceVersion: String(++this.#revision) }
    for (const watch of this.#watches) watch.write(line('BOOKMARK', { kind: 'Widget', metadata }))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake')
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces).toString('utf8')
    const { method = '', headers } = request
    const seen = { method, path: url.pathname, query: url.searchParams, headers, body }
    this.seen.push(seen)
    if (this.answer?.(seen, response)) return
    if (url.searchParams.has('watch')) this.#watch(Number(url.searchParams.get('resourceVersion')), response)
    else this.#list(Number(url.searchParams.get('limit') ?? Infinity), url.searchParams.get('continue'), response)
  }

  #list(limit: number, from: string | null, response: ServerResponse): void {
    const all = [...this.#widgets.values()]
    const begin = Number(from ?? 0)
    const items = all.slice(begin, begin + limit)
    const more = begin + limit < all.length ? { continue: String(begin + limit) } : {}
    const metadata = { resourceVersion: String(this.#revision), ...more }
    response.end(JSON.stringify({ kind: 'WidgetList', apiVersion: 'test.dev/v1', metadata, items }))
  }

  #watch(since: number, response: ServerResponse): void {
    response.writeHead(200)
    response.flushHeaders()
    if (since < this.#forgotten) {
      response.end(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }))
      return
    }
    for (const { type, revision, object } of this.#history) if (revision > since) response.write(line(type, object))
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
  }

  #tell(change: Change): void {
    this.#history.push(change)
    for (const watch of this.#watches) watch.write(line(change.type, change.object))
  }
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}
