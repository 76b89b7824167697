import type { IncomingMessage, ServerResponse } from 'node:http'
import { actingUser, type Sender } from '#apiserver/auth/authenticate.ts'
import { authorize, isPublicPath } from '#apiserver/auth/authorize.ts'
import type { User } from '#apiserver/auth/user.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { StatusError } from '#kube/status.ts'
import { badRequest, unauthorized } from '#kube/status-errors.ts'
import type { ApiRequest, ResourceRequest } from './api-request.ts'
import { Outbox } from './outbox.ts'
import { readBody } from './read-body.ts'
import { type Reply, refusal } from './reply.ts'
import { type RequestTarget, readRequestTarget } from './request-target.ts'
import { isUnread, sendContent, startStream, tooManyRequests } from './send.ts'
import { WatchStream } from './watch-stream.ts'

/** What the exchanges of one server share. */
export interface ExchangeOptions {
  readonly authenticate: (request: IncomingMessage) => Sender | undefined
  readonly serveResource: (request: ResourceRequest) => Promise<Reply>
  readonly servePath: (request: ApiRequest) => Reply
  /** Told of what went wrong in the server itself. */
  readonly onFault: (text: string) => void
}

/** Requests that are answered at once: the bodies that they may hold are bounded, so must their number be. Watches do not count. */
const MAX_IN_FLIGHT = 400

const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Answers requests: who asks, may they, what is the answer. Whatever goes wrong is answered with a Status. */
export class Exchanges {
  readonly #options: ExchangeOptions
  /** What is being answered, watches included, by the credentials that it was asked with. */
  readonly #underWay = new Map<IncomingMessage, string>()
  readonly #outbox = new Outbox()
  #inFlight = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** Cuts off every answer to requests that came with these credentials: a watch would go on for as long as its connection. */
  cutOff(ids: ReadonlySet<string>): void {
    for (const [{ socket }, by] of this.#underWay) if (ids.has(by)) socket.destroy()
  }

  /** Never throws and never rejects. */
  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    // What nobody listens to would end the process, and everybody's connections with it.
    response.on('error', (error) => this.#options.onFault(messageOf(error)))
    void this.#answer(request, response).catch((thrown: unknown) => {
      // The client went away, or the head was sent already: there is nobody to tell.
      response.destroy()
      if (!request.destroyed) this.#options.onFault(messageOf(thrown))
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      return this.#send(request, response, tooManyRequests())
    }
    this.#inFlight++
    let reply: Reply
    try {
      reply = await this.#replyTo(request)
    } finally {
      this.#inFlight--
    }
    try {
      await this.#send(request, response, reply)
    } finally {
      this.#underWay.delete(request)
    }
  }

  async #replyTo(request: IncomingMessage): Promise<Reply> {
    try {
      const target = readRequestTarget(request.method ?? 'GET', request.url ?? '/')
      if (target === undefined) throw badRequest('the URL cannot be read')
      const user = this.#admit(request, target)
      const asked = apiRequest(request, target, user)
      if (target.access.kind === 'path') return this.#options.servePath(asked)
      return await this.#options.serveResource({ ...asked, access: target.access, version: target.version })
    } catch (thrown) {
      return this.#refuse(thrown)
    }
  }

  #admit(request: IncomingMessage, { access, path }: RequestTarget): User {
    const sender = this.#options.authenticate(request)
    if (sender === undefined) {
      if (access.verb === 'get' && isPublicPath(path)) return ANONYMOUS
      throw unauthorized()
    }
    this.#underWay.set(request, sender.by)
    const user = actingUser(sender, request)
    authorize(user, access)
    return user
  }

  #refuse(thrown: unknown): Reply {
    if (thrown instanceof StatusError) return refusal(thrown)
    const what = thrown instanceof Fault ? `${thrown.code}: ${thrown.message}` : messageOf(thrown)
    this.#options.onFault(what)
    return refusal(new StatusError('InternalError', `Internal error occurred: ${what}`))
  }

  async #send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    // What is left of a body is not waited for: the connection ends with the answer.
    // Nor does anybody keep a connection who has shown no credentials.
    const isUnknown = reply.kind === 'content' && reply.code === 401
    if (isUnread(request) || isUnknown) response.setHeader('Connection', 'close')
    if (reply.kind === 'content') return sendContent(request, response, reply, this.#outbox)
    startStream(response, reply.warnings)
    return new WatchStream(response, reply.feed).run()
  }
}

function apiRequest(request: IncomingMessage, target: RequestTarget, user: User): ApiRequest {
  const { headers, method = 'GET' } = request
  return {
    method,
    path: target.path,
    query: target.query,
    accept: headers.accept,
    userAgent: headers['user-agent'] ?? '',
    user,
    body: () => readBody(request),
  }
}
