import { turnMonotonicMs, turnWallMs } from '#base/turn.ts'
import { BLOCK_ALL_ROUTE, type Redirect, type Route, type RouteAction, type VirtualHost } from '#proxy/config/model.ts'
import { type LoggedHeaders, StreamInfo } from '#proxy/connection/stream-info.ts'
import type { RefusedAddress } from '#proxy/denial/explain.ts'
import { leadsToPassthrough } from '#proxy/dns/policy.ts'
import type { CodecFault } from './codec/codec-fault.ts'
import { DATE, FORWARDED_PROTO, REQUEST_ID, UPGRADE } from './codec/field-id.ts'
import { type Fields, NO_FIELDS } from './codec/fields.ts'
import type { RequestHead, ResponseHead } from './codec/message-head.ts'
import { Forwarding, type ForwardingOwner, isIdempotent } from './forwarding.ts'
import { grpcReply, isGrpc } from './grpc-reply.ts'
import type { ManagerEnv } from './http-proxy.ts'
import {
  CONNECT_REFUSED,
  flagOf,
  type LocalReply,
  localHead,
  PATH_NORMALIZATION_FAILED,
  ROUTE_NOT_FOUND,
  resetReply,
  streamIdleReply,
  UPGRADE_REFUSED,
} from './local-reply.ts'
import { STATUS_CODES } from './node-http.ts'
import { RequestBody } from './request-body.ts'
import { requestId } from './request-id.ts'
import { asWished } from './request-wishes.ts'
import { orderFlags } from './response-flags.ts'
import { normalizePath } from './routing/normalize-path.ts'
import type { RequestKey } from './routing/request-key.ts'
import { matchRoute, pickCluster } from './routing/route-table.ts'
import type { DownstreamStream, OutgoingRequest, ResetReason } from './stream.ts'

/** One request and its response, whatever protocols carry them: routed, forwarded or answered, and logged. */
export class Exchange implements ForwardingOwner, RequestKey, LoggedHeaders {
  readonly info: StreamInfo
  readonly body: RequestBody
  readonly head: RequestHead
  path: string
  readonly authority: string
  /** The response has been handed over, or the client is gone: what still comes of the request is thrown away. */
  finished = false
  readonly #env: ManagerEnv
  readonly #downstream: DownstreamStream
  #forwarding: Forwarding | undefined = undefined
  #virtualHost: VirtualHost | undefined = undefined
  #action: RouteAction | undefined = undefined
  #requestId = ''
  /** Before a rewrite; "" when there was none. */
  #originalPath = ''
  #response: ResponseHead | undefined = undefined
  #upgrade = ''
  #tunnel = false

  constructor(env: ManagerEnv, downstream: DownstreamStream, head: RequestHead, connection: StreamInfo) {
    this.#env = env
    this.#downstream = downstream
    this.head = head
    this.path = head.path
    // HTTP/1.0 may come without a host: then it is meant for where the application dialled.
    this.authority = head.authority === '' ? connection.downstreamLocal.text : head.authority
    this.body = new RequestBody(isIdempotent(head.method))
    this.info = this.#startInfo(connection)
  }

  get method(): string {
    return this.head.method
  }

  get scheme(): string {
    return this.head.scheme
  }

  get downstreamBlocked(): boolean {
    return this.#downstream.writeBlocked
  }

  /** The request's body comes faster than it can be passed on. */
  get requestBlocked(): boolean {
    return this.#forwarding?.requestBlocked === true
  }

  #startInfo(connection: StreamInfo): StreamInfo {
    const { head } = this
    const info = new StreamInfo(turnWallMs(), turnMonotonicMs())
    info.downstreamRemote = connection.downstreamRemote
    info.downstreamLocal = connection.downstreamLocal
    info.requestedServerName = connection.requestedServerName
    info.protocol = head.protocol
    info.method = head.method
    info.path = head.path
    info.authority = this.authority
    info.headers = this
    return info
  }

  /** A request header as routes and logs see it. */
  header(name: string): string | undefined {
    switch (name) {
      case ':method':
        return this.head.method
      case ':path':
        return this.path
      case ':authority':
      case 'host':
        return this.authority
      case ':scheme':
        return this.head.scheme
      case 'x-request-id':
        return this.#requestId === '' ? undefined : this.#requestId
      case 'x-envoy-original-path':
        return this.#originalPath === '' ? undefined : this.#originalPath
      case 'x-forwarded-proto':
        return this.head.fields.getById(FORWARDED_PROTO) ?? this.head.scheme
      default:
        return this.head.fields.get(name)
    }
  }

  responseHeader(name: string): string | undefined {
    const { info } = this
    if (name === ':status') return info.responseCode === 0 ? undefined : String(info.responseCode)
    if (name === 'x-envoy-upstream-service-time') {
      return info.upstreamServiceTimeMs === -1 ? undefined : String(info.upstreamServiceTimeMs)
    }
    if (name === 'server' && this.#response !== undefined) return SERVER_NAME
    return this.#response?.fields.get(name)
  }

  start(): void {
    const { head } = this
    const { config } = this.#env
    this.#requestId = head.fields.getById(REQUEST_ID) ?? (config.generateRequestId ? requestId() : '')
    if (head.method === 'CONNECT') {
      this.reply(CONNECT_REFUSED)
      return
    }
    if (config.normalizePath) {
      const path = normalizePath(head.path)
      if (path === undefined) {
        this.reply(PATH_NORMALIZATION_FAILED)
        return
      }
      this.path = path
      this.info.path = path
    }
    this.#takeRoute()
  }

  #takeRoute(): void {
    const { config, http } = this.#env
    const current = http.filter.config()
    const table = 'rds' in config.routes ? current.routes.get(config.routes.rds) : config.routes
    // The last rule of this port was taken back while the connection was open.
    if (table === undefined && !leadsToPassthrough(current)) {
      this.#deny(DENIED_STATUS, '', undefined)
      return
    }
    const decision = table === undefined ? undefined : matchRoute(http.routes.compiled(table), this)
    if (decision?.kind !== 'route') {
      this.reply(ROUTE_NOT_FOUND)
      return
    }
    const { route } = decision
    this.info.routeName = route.name
    if (route.action.kind === 'direct_response')
      this.#answerDirectly(decision.virtualHost, route, route.action.status, route.action.body)
    else if (route.action.kind === 'redirect') this.#redirect(route.action)
    else this.#forward(decision.virtualHost, route.action, route)
  }

  #answerDirectly(virtualHost: VirtualHost, route: Route, status: number, body: string): void {
    if (route.name !== BLOCK_ALL_ROUTE && virtualHost.name !== BLOCK_ALL_ROUTE) {
      this.reply({ status, body, flag: '', details: 'direct_response' })
      return
    }
    this.#deny(status, '', undefined)
  }

  #deny(status: number, flag: string, refusal: RefusedAddress | undefined): void {
    const { address: ip, port } = this.info.downstreamLocal
    const { authority } = this
    const request = { ip, port, authority, isHttp2: this.head.protocol === 'HTTP/2', ...(refusal && { refusal }) }
    const { body, headers, denial } = this.#env.http.denier.http(request)
    this.info.deniedReason = denial.reason
    this.reply({ status, body, flag, details: 'direct_response', fields: headers })
  }

  #redirect(redirect: Redirect): void {
    const { scheme = this.head.scheme, host = this.authority, path = this.path } = redirect
    const fields = [['location', `${scheme}://${host}${path}`]] as const
    this.reply({ status: redirect.status, body: '', flag: '', details: 'direct_response', fields })
  }

  #forward(virtualHost: VirtualHost, routeAction: RouteAction, route: Route): void {
    const action = asWished(routeAction, this.head.fields)
    const { upgrade } = this.head
    // "h2c" is an offer that may be ignored; other protocols than WebSocket are refused, as Envoy refuses them.
    if (upgrade !== '' && upgrade !== 'h2c') {
      if (upgrade !== 'websocket' || !this.#env.config.allowWebsocket) {
        this.reply(UPGRADE_REFUSED)
        return
      }
      this.#upgrade = upgrade
    }
    this.#virtualHost = virtualHost
    this.#action = action
    if (action.prefixRewrite !== undefined) {
      this.#originalPath = this.path
      this.path = rewritten(this.path, route, action.prefixRewrite)
    }
    if (action.retry !== undefined) this.body.replayable = true
    const cluster = pickCluster(action, action.clusters.length === 1 ? 0 : Math.random())
    this.#forwarding = new Forwarding(this.#env.http, this, action, cluster.name)
    this.#forwarding.try()
  }

  outgoing(attempt: number): OutgoingRequest {
    const { head } = this
    let added = ''
    if (head.fields.getById(FORWARDED_PROTO) === undefined)
      added = head.scheme === 'http' ? 'x-forwarded-proto: http\r\n' : 'x-forwarded-proto: https\r\n'
    if (this.#requestId !== '' && head.fields.getById(REQUEST_ID) === undefined)
      added += `x-request-id: ${this.#requestId}\r\n`
    if (this.#virtualHost?.includeAttemptCount === true) added += `x-envoy-attempt-count: ${attempt}\r\n`
    if (this.#originalPath !== '') added += `x-envoy-original-path: ${this.#originalPath}\r\n`
    const timeoutMs = this.#forwarding?.expectedTimeoutMs ?? 0
    if (timeoutMs > 0) added += `x-envoy-expected-rq-timeout-ms: ${timeoutMs}\r\n`
    const authority = this.#action?.hostRewrite ?? this.authority
    return { head, path: this.path, authority, added, upgrade: this.#upgrade }
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    // What comes behind the answer is not in its log line, which may not be written yet.
    if (this.finished) return
    this.info.bytesReceived += end - start
    this.#forwarding?.send(bytes, start, end)
  }

  onRequestEnd(trailers: Fields): void {
    this.body.complete = true
    this.body.trailers = trailers
    if (!this.finished) this.#forwarding?.sendEnd()
  }

  onRequestDrain(): void {
    this.#downstream.resume()
  }

  onInformational(head: ResponseHead): void {
    if (this.head.protocol !== 'HTTP/1.0') this.#downstream.sendInformational(head)
  }

  onResponse(head: ResponseHead): void {
    const { info } = this
    if (
      head.status === 101 &&
      (this.#upgrade === '' || !(head.fields.getById(UPGRADE) ?? '').toLowerCase().includes(this.#upgrade))
    ) {
      this.#forwarding?.cancel()
      this.reply(resetReply('protocol error', '', false))
      return
    }
    info.upstreamServiceTimeMs = this.#forwarding!.elapsedMs
    info.responseCodeDetails = 'via_upstream'
    this.#sendHead(head, `x-envoy-upstream-service-time: ${info.upstreamServiceTimeMs}\r\n`)
    if (head.status !== 101) return
    this.#tunnel = true
    this.#forwarding?.startTunnel()
    this.#downstream.startTunnel()
  }

  #sendHead(head: ResponseHead, extra: string): void {
    this.#response = head
    this.info.responseCode = head.status
    const date = head.fields.getById(DATE) === undefined ? `date: ${this.#env.http.clock.text(Date.now())}\r\n` : ''
    this.#downstream.sendHead({ head, framing: head.framing, added: `${extra}${date}server: ${SERVER_NAME}\r\n` })
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.info.bytesSent += end - start
    this.#downstream.sendBody(bytes, start, end)
  }

  onResponseEnd(trailers: Fields): void {
    this.#finish()
    this.#downstream.sendEnd(trailers)
  }

  onRefused(refusal: RefusedAddress): void {
    this.#deny(DENIED_STATUS, 'UH', refusal)
  }

  onFailed(reply: LocalReply): void {
    this.reply(reply)
  }

  onLost(reason: ResetReason): void {
    const { responseCodeDetails } = this.info
    const details = `upstream_reset_after_response_started{${reason.replaceAll(' ', '_')}}`
    this.onCutOff({ flag: flagOf(reason), details: this.#tunnel ? responseCodeDetails : details })
  }

  onCutOff({ flag, details }: Pick<LocalReply, 'flag' | 'details'>): void {
    this.info.responseFlags.push(flag)
    this.info.responseCodeDetails = details
    this.#finish()
    this.#downstream.reset()
  }

  /** An answer of the proxy's own; the response must not have begun. */
  reply(reply: LocalReply): void {
    const { info } = this
    const shown = isGrpc(this.head.fields) ? grpcReply(reply) : reply
    if (shown.flag !== '' && !info.responseFlags.includes(shown.flag)) info.responseFlags.push(shown.flag)
    info.responseCodeDetails = shown.details
    const body = Buffer.from(shown.body)
    this.#sendHead(localHead(shown, body.length), '')
    if (body.length > 0 && this.head.method !== 'HEAD') this.onResponseBody(body, 0, body.length)
    this.onResponseEnd(NO_FIELDS)
  }

  /** Nothing moved for the stream idle timeout. */
  onIdle(): void {
    this.#forwarding?.cancel()
    if (this.#response === undefined) {
      this.reply(streamIdleReply(this.body.complete))
      return
    }
    this.info.responseFlags.push('SI')
    this.info.responseCodeDetails = 'stream_idle_timeout'
    this.#finish()
    this.#downstream.reset()
  }

  /** The request's body is malformed. */
  onDownstreamFault(fault: CodecFault): void {
    if (this.finished) return
    this.#forwarding?.cancel()
    if (this.#response === undefined) {
      this.reply({ status: fault.status, body: STATUS_CODES[fault.status] ?? '', flag: 'DPE', details: fault.details })
      return
    }
    this.info.responseFlags.push('DPE')
    this.#finish()
    this.#downstream.reset()
  }

  /** The client takes bytes again. */
  onDownstreamDrain(): void {
    this.#forwarding?.resume()
  }

  /** The client is gone before its response was complete; for a tunnel that is an ordinary end. */
  onDownstreamClosed(): void {
    if (this.finished) return
    this.#forwarding?.cancel()
    if (!this.#tunnel) {
      this.info.responseFlags.push('DC')
      this.info.responseCodeDetails = 'downstream_remote_disconnect'
    }
    this.#finish()
  }

  #finish(): void {
    if (this.finished) return
    this.finished = true
    // A response that came before the whole request: the rest of the request goes nowhere.
    this.#forwarding?.cancel()
    this.body.forget()
    this.info.endMs = turnMonotonicMs()
    orderFlags(this.info.responseFlags)
    this.#env.accessLog(this.info)
  }
}

/** That of Istio's `block_all`. */
const DENIED_STATUS = 502
/** What Envoy calls itself: people and tests look for it. */
const SERVER_NAME = 'envoy'

/** The matched prefix replaced; for an exact match the whole path. The query stays. */
function rewritten(path: string, route: Route, replacement: string): string {
  const { path: match } = route.match
  if (match.kind === 'regex') return path
  return replacement + path.slice(match.value.length)
}
