import { turnMonotonicMs } from '#base/turn.ts'
import type { Host } from '#proxy/cluster/host.ts'
import type { UpstreamCluster } from '#proxy/cluster/upstream-cluster.ts'
import type { RouteAction } from '#proxy/config/model.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import type { RefusedAddress } from '#proxy/denial/explain.ts'
import type { Fields } from './codec/fields.ts'
import type { RequestHead, ResponseHead } from './codec/message-head.ts'
import type { HttpEnv } from './http-proxy.ts'
import {
  CLUSTER_NOT_FOUND,
  flagOf,
  type LocalReply,
  NO_HEALTHY_UPSTREAM,
  PER_TRY_TIMEOUT,
  REQUEST_TIMEOUT,
  resetReply,
} from './local-reply.ts'
import type { RequestBody } from './request-body.ts'
import { type RetryDecision, RetryState } from './retry-state.ts'
import type { OutgoingRequest, ResetReason, UpstreamStream } from './stream.ts'
import { OVERFLOW, type StreamFailure, type StreamPool, type StreamWaiter } from './stream-pool.ts'

/** Whose request is forwarded. */
export interface ForwardingOwner {
  readonly info: StreamInfo
  readonly head: RequestHead
  readonly body: RequestBody
  readonly downstreamBlocked: boolean
  /** The request as attempt number `attempt` (from 1) sends it. */
  outgoing(attempt: number): OutgoingRequest
  onInformational(head: ResponseHead): void
  onResponse(head: ResponseHead): void
  onResponseBody(bytes: Buffer, start: number, end: number): void
  onResponseEnd(trailers: Fields): void
  /** The cluster will not go to the address that the application dialled: a denial. */
  onRefused(refusal: RefusedAddress): void
  /** No response has begun, and none will. */
  onFailed(reply: LocalReply): void
  /** The response has begun, and its rest will not come. */
  onLost(reason: ResetReason): void
  /** The response has begun, and took longer than it may: `why` is what an answer would have said. */
  onCutOff(why: Pick<LocalReply, 'flag' | 'details'>): void
  onRequestDrain(): void
}

/** Methods that a server may see twice (RFC 9110, 9.2.2): only they are sent again when a kept connection turns out to be dead. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

export function isIdempotent(method: string): boolean {
  return method === 'GET' || IDEMPOTENT.has(method)
}

/** Sends one request to a cluster: chooses hosts, tries again as the route's retry policy says, and keeps its timeouts. */
export class Forwarding implements StreamWaiter {
  readonly #http: HttpEnv
  readonly #owner: ForwardingOwner
  readonly #clusterName: string
  readonly #action: RouteAction
  readonly #timeoutMs: number
  readonly #http2: boolean
  readonly #retry: RetryState
  #attempt = 1
  #cluster: UpstreamCluster | undefined = undefined
  #host: Host | undefined = undefined
  /** Set while a stream is waited for. */
  #pool: StreamPool | undefined = undefined
  #stream: UpstreamStream | undefined = undefined
  #cancelWait: (() => void) | undefined = undefined
  #timeout: NodeJS.Timeout | undefined = undefined
  #tryTimeout: NodeJS.Timeout | undefined = undefined
  #backoff: NodeJS.Timeout | undefined = undefined
  #responseStarted = false
  #sentMs = 0

  constructor(http: HttpEnv, owner: ForwardingOwner, action: RouteAction, clusterName: string) {
    this.#http = http
    this.#owner = owner
    this.#action = action
    this.#clusterName = clusterName
    this.#timeoutMs = action.timeoutMs
    this.#http2 = owner.head.protocol === 'HTTP/2'
    this.#retry = new RetryState(action.retry)
  }

  get downstreamBlocked(): boolean {
    return this.#owner.downstreamBlocked
  }

  get requestBlocked(): boolean {
    return this.#stream === undefined ? this.#owner.body.full : this.#stream.blocked
  }

  /** Whole milliseconds between the request's leaving and now, never more than the whole request takes. */
  get elapsedMs(): number {
    return Math.floor(turnMonotonicMs() - this.#sentMs)
  }

  /** One attempt, from choosing a host on. */
  try(): void {
    const cluster = this.#http.filter.cluster(this.#clusterName)
    if (cluster === undefined) {
      this.#fail(CLUSTER_NOT_FOUND)
      return
    }
    const { info } = this.#owner
    info.upstreamCluster = this.#clusterName
    if (cluster.circuit.requests >= cluster.config.maxRequests) {
      this.onNoStream(OVERFLOW)
      return
    }
    const choice = cluster.pickHost(info.downstreamLocal)
    if (choice.kind === 'pending') this.#cancelWait = cluster.whenResolved(() => this.#resolved())
    else if (choice.kind === 'none') this.#fail(NO_HEALTHY_UPSTREAM)
    else if (choice.kind === 'refused') this.#refuse({ reason: choice.reason, service: cluster.config.service })
    else this.#acquire(cluster, choice.host)
  }

  #resolved(): void {
    this.#cancelWait = undefined
    this.try()
  }

  #acquire(cluster: UpstreamCluster, host: Host): void {
    const { info } = this.#owner
    this.#cluster = cluster
    this.#host = host
    host.active++
    cluster.circuit.requests++
    info.upstreamHost = host
    const { httpProtocol } = cluster.config
    // A WebSocket takes its whole connection over, which streams of HTTP/2 share.
    const http2 =
      this.#owner.head.upgrade !== 'websocket' &&
      (httpProtocol === 'http2' || (httpProtocol === 'downstream' && this.#http2))
    const pool = this.#http.pools.get(http2 ? 'http2' : 'http1', cluster, host)
    this.#pool = pool
    pool.acquire(this)
  }

  /** The host and the circuit are not used any more. */
  #release(): void {
    stop(this.#tryTimeout)
    this.#stream = undefined
    this.#pool = undefined
    if (this.#host === undefined || this.#cluster === undefined) return
    this.#host.active--
    this.#cluster.circuit.requests--
    this.#host = undefined
    this.#cluster = undefined
  }

  onStream(stream: UpstreamStream, upstream: StreamInfo): void {
    const { info, body } = this.#owner
    this.#pool = undefined
    this.#stream = stream
    info.upstreamTransportFailureReason = ''
    info.upstreamLocal = upstream.upstreamLocal
    this.#sentMs = turnMonotonicMs()
    stream.sendHead(this.#owner.outgoing(this.#attempt))
    body.replay(stream)
    if (body.complete) this.#startTryTimeout()
    // Reading may have paused for want of a stream.
    if (!body.complete) this.#owner.onRequestDrain()
  }

  onNoStream(failure: StreamFailure): void {
    this.#owner.info.upstreamTransportFailureReason = failure.transportFailureReason
    this.#release()
    this.#lose(failure.reason, failure.transportFailureReason)
  }

  /** A piece of the request's body. */
  send(bytes: Buffer, start: number, end: number): void {
    const { body } = this.#owner
    const stream = this.#stream
    if (stream !== undefined) stream.sendBody(bytes, start, end)
    body.keep(bytes, start, end, stream !== undefined)
  }

  /** The request's body is complete. */
  sendEnd(): void {
    if (this.#timeoutMs > 0) this.#timeout = setTimeout(() => this.#timedOut(REQUEST_TIMEOUT), this.#timeoutMs)
    if (this.#stream === undefined) return
    this.#stream.sendEnd(this.#owner.body.trailers)
    this.#startTryTimeout()
  }

  #startTryTimeout(): void {
    const { perTryTimeoutMs } = this.#retry
    if (perTryTimeoutMs > 0) this.#tryTimeout = setTimeout(() => this.#tryTimedOut(), perTryTimeoutMs)
  }

  onResponseHead(head: ResponseHead): void {
    if (head.status < 200 && head.status !== 101) {
      this.#owner.onInformational(head)
      return
    }
    const decision = this.#replayable(this.#retry.onResponse(head))
    if (decision === 'retry') {
      this.#abandonTry()
      this.#tryAgain()
      return
    }
    if (decision === 'exhausted') this.#owner.info.responseFlags.push('URX')
    this.#responseStarted = true
    stop(this.#tryTimeout)
    this.#owner.body.forget()
    this.#owner.onResponse(head)
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.#owner.onResponseBody(bytes, start, end)
  }

  onResponseEnd(trailers: Fields): void {
    this.#stopTimers()
    this.#release()
    this.#owner.onResponseEnd(trailers)
  }

  onUpstreamReset(reason: ResetReason): void {
    const stale = this.#stream?.maybeStale === true && reason === 'connection termination'
    this.#release()
    if (this.#responseStarted) {
      this.#stopTimers()
      this.#owner.onLost(reason)
    } else if (stale && this.#owner.body.replayable && isIdempotent(this.#owner.head.method)) {
      // Each such try takes a kept connection away; a new one is never stale.
      this.try()
    } else this.#lose(reason, '')
  }

  onUpstreamDrain(): void {
    this.#owner.onRequestDrain()
  }

  /** Bytes pass unframed from here on. */
  startTunnel(): void {
    this.#stopTimers()
    this.#stream?.startTunnel()
  }

  /** The client takes bytes again. */
  resume(): void {
    this.#stream?.resume()
  }

  /** The client is gone, or has its answer. */
  cancel(): void {
    this.#stopTimers()
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#abandonTry()
  }

  #abandonTry(): void {
    const stream = this.#stream
    this.#pool?.cancel(this)
    this.#release()
    stream?.reset()
  }

  #lose(reason: ResetReason, transportFailureReason: string): void {
    const decision = this.#replayable(this.#retry.onReset(reason))
    if (decision === 'retry') {
      this.#tryAgain()
      return
    }
    if (decision === 'exhausted') this.#owner.info.responseFlags.push(flagOf(reason), 'URX')
    this.#fail(resetReply(reason, transportFailureReason, this.#attempt > 1))
  }

  #replayable(decision: RetryDecision): RetryDecision {
    return decision === 'retry' && !this.#owner.body.replayable ? 'no' : decision
  }

  #tryAgain(): void {
    this.#attempt++
    this.#backoff = setTimeout(() => {
      this.try()
    }, this.#retry.backoffMs())
  }

  #tryTimedOut(): void {
    if (this.#replayable(this.#retry.onTryTimeout()) === 'retry') {
      this.#abandonTry()
      this.#tryAgain()
    } else this.#timedOut(PER_TRY_TIMEOUT)
  }

  #timedOut(reply: LocalReply): void {
    this.cancel()
    if (this.#responseStarted) this.#owner.onCutOff(reply)
    else this.#owner.onFailed(reply)
  }

  #refuse(refusal: RefusedAddress): void {
    this.#stopTimers()
    this.#owner.onRefused(refusal)
  }

  #fail(reply: LocalReply): void {
    this.#stopTimers()
    this.#owner.onFailed(reply)
  }

  #stopTimers(): void {
    stop(this.#timeout)
    stop(this.#tryTimeout)
    stop(this.#backoff)
  }

  /** For `x-envoy-expected-rq-timeout-ms`; 0 when there is no limit. */
  get expectedTimeoutMs(): number {
    return this.#retry.perTryTimeoutMs > 0 ? this.#retry.perTryTimeoutMs : this.#action.timeoutMs
  }
}

/** Most requests have no timer, and are asked to stop theirs several times. */
function stop(timer: NodeJS.Timeout | undefined): void {
  if (timer !== undefined) clearTimeout(timer)
}
