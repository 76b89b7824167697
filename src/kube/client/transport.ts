import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Fault, messageOf } from '#base/fault.ts'
import type { ApiAccess } from './kubeconfig.ts'

/** One request to the API server. */
export interface TransportRequest {
  readonly method: string
  /** From the root, with its query. */
  readonly path: string
  readonly contentType?: string
  readonly body?: string
  /** How long until the head of the answer has to be there. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** No answer is larger: the API's own limit is about 1.5 MB for an object, and a list comes in pages. */
const MAX_BODY_BYTES = 256 * 1024 * 1024

/** How long a silent connection is kept before the kernel asks whether the other side still lives. */
const KEEP_ALIVE_PROBE_MS = 15_000

/** HTTP to one API server: connections are kept and used again; credentials go with every request. */
export class Transport {
  readonly #access: ApiAccess
  readonly #mend: string | undefined
  readonly #agent: HttpAgent | HttpsAgent
  readonly #base: string

  constructor(access: ApiAccess, mend?: string) {
    this.#access = access
    this.#mend = mend
    this.#base = access.server.pathname.replace(/\/$/, '')
    const { ca, cert, key, insecureSkipVerify, serverName } = access.tls
    const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, timeout: 0 }
    this.#agent =
      access.server.protocol === 'http:'
        ? new HttpAgent(options)
        : new HttpsAgent({
            ...options,
            ...(ca && { ca }),
            ...(cert && { cert }),
            ...(key && { key }),
            ...(serverName && { servername: serverName }),
            rejectUnauthorized: !insecureSkipVerify,
            minVersion: 'TLSv1.2',
          })
  }

  /**
   * Sends a request and answers with the head of what came back; the caller reads the body.
   * Throws a Fault `kube/unreachable` when there is no answer.
   */
  async send(request: TransportRequest): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(request)
    } catch (thrown) {
      // A kept connection may be closed by the server in the moment we use it; asking again is harmless for what changes nothing.
      const stale = thrown instanceof StaleConnection
      if (!stale || request.method !== 'GET') throw this.#unreachable(stale ? thrown.cause : thrown)
    }
    try {
      return await this.#sendOnce(request)
    } catch (thrown) {
      throw this.#unreachable(thrown instanceof StaleConnection ? thrown.cause : thrown)
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #sendOnce(request: TransportRequest): Promise<IncomingMessage> {
    const { method, path, contentType, body, timeoutMs, signal } = request
    const token = this.#access.bearerToken()
    const { impersonated } = this.#access
    const headers = {
      accept: 'application/json',
      'user-agent': 'postern',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(impersonated && { 'impersonate-user': impersonated.user, 'impersonate-group': [...impersonated.groups] }),
      ...(body !== undefined && {
        'content-type': contentType ?? 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    }
    const send = this.#access.server.protocol === 'http:' ? httpRequest : httpsRequest
    const { hostname, port } = this.#access.server
    return new Promise((resolve, reject) => {
      const sent = send({
        agent: this.#agent,
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        ...(port !== '' && { port }),
        path: this.#base + path,
        method,
        headers,
        ...(signal && { signal }),
      })
      const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      sent.once('response', (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      sent.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        reject(stale ? new StaleConnection(error) : error)
      })
      sent.end(body)
    })
  }

  #unreachable(cause: unknown): Fault {
    // A credential that cannot be read is no fault of the server.
    if (cause instanceof Fault) return cause
    const text = `the API server at ${this.#access.server.origin} cannot be reached: ${messageOf(cause)}`
    return new Fault('kube/unreachable', text, { cause, ...(this.#mend !== undefined && { mend: this.#mend }) })
  }
}

class StaleConnection extends Error {
  constructor(cause: unknown) {
    super('a kept connection was closed', { cause })
  }
}

/** Reads an answer to its end. Throws a Fault when it breaks off, or is too large to be one. */
export async function readBody(response: IncomingMessage, timeoutMs: number): Promise<string> {
  const pieces: Buffer[] = []
  let total = 0
  const timer = setTimeout(() => response.destroy(new Error(`no more of it within ${timeoutMs} ms`)), timeoutMs)
  try {
    for await (const piece of response) {
      const bytes = piece as Buffer
      total += bytes.length
      if (total > MAX_BODY_BYTES) throw new Error(`it is larger than ${MAX_BODY_BYTES} bytes`)
      pieces.push(bytes)
      timer.refresh()
    }
    return Buffer.concat(pieces).toString('utf8')
  } catch (thrown) {
    response.destroy()
    throw new Fault('kube/unreachable', `the answer of the API server broke off: ${messageOf(thrown)}`, {
      cause: thrown,
    })
  } finally {
    clearTimeout(timer)
  }
}
