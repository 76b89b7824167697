import type { RetryPolicy } from '#proxy/config/model.ts'
import { GRPC_STATUS } from './codec/field-id.ts'
import type { ResponseHead } from './codec/message-head.ts'
import type { ResetReason } from './stream.ts'

/** Envoy's default backoff: 25 ms, doubling, at most ten times that, with full jitter. */
const BASE_BACKOFF_MS = 25
const MOST_BACKOFF_MS = 250

const GRPC_CONDITIONS: ReadonlyMap<string, string> = new Map([
  ['1', 'cancelled'],
  ['4', 'deadline-exceeded'],
  ['8', 'resource-exhausted'],
  ['13', 'internal'],
  ['14', 'unavailable'],
])

/** `exhausted`: the policy would have it, but there is no retry left (flag URX). */
export type RetryDecision = 'retry' | 'exhausted' | 'no'

/** How often one request may still be tried again, and for which failures (Envoy's x-envoy-retry-on conditions). */
export class RetryState {
  readonly #policy: RetryPolicy | undefined
  #left: number
  #retries = 0

  constructor(policy: RetryPolicy | undefined) {
    this.#policy = policy
    this.#left = policy?.numRetries ?? 0
  }

  get perTryTimeoutMs(): number {
    return this.#policy?.perTryTimeoutMs ?? 0
  }

  onReset(reason: ResetReason): RetryDecision {
    return this.#decide(resetIsRetried(this.#policy?.retryOn, reason))
  }

  onTryTimeout(): RetryDecision {
    const on = this.#policy?.retryOn
    return this.#decide(on !== undefined && (on.has('5xx') || on.has('gateway-error')))
  }

  onResponse(head: ResponseHead): RetryDecision {
    const policy = this.#policy
    return policy === undefined ? 'no' : this.#decide(responseIsRetried(policy, head))
  }

  /** Milliseconds to wait before the retry that was just decided. */
  backoffMs(): number {
    return Math.random() * Math.min(MOST_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** (this.#retries - 1))
  }

  #decide(wanted: boolean): RetryDecision {
    if (!wanted) return 'no'
    if (this.#left === 0) return 'exhausted'
    this.#left--
    this.#retries++
    return 'retry'
  }
}

function resetIsRetried(on: ReadonlySet<string> | undefined, reason: ResetReason): boolean {
  // What the circuit breaker refuses must not come back at once.
  if (on === undefined || reason === 'overflow') return false
  if (on.has('5xx') || on.has('gateway-error') || on.has('reset')) return true
  if (reason === 'remote refused stream reset') return on.has('refused-stream') || on.has('reset-before-request')
  if (reason === 'remote connection failure' || reason === 'connection timeout') {
    return on.has('connect-failure') || on.has('reset-before-request')
  }
  return false
}

function responseIsRetried({ retryOn, retriableStatusCodes }: RetryPolicy, head: ResponseHead): boolean {
  const { status } = head
  if (status >= 500 && retryOn.has('5xx')) return true
  if (status >= 502 && status <= 504 && retryOn.has('gateway-error')) return true
  if (status === 409 && retryOn.has('retriable-4xx')) return true
  if (retriableStatusCodes.includes(status) && retryOn.has('retriable-status-codes')) return true
  // A gRPC call that failed at once has its status in the head.
  const grpcStatus = status === 200 ? head.fields.getById(GRPC_STATUS) : undefined
  if (grpcStatus === undefined) return false
  const condition = GRPC_CONDITIONS.get(grpcStatus)
  return condition !== undefined && retryOn.has(condition)
}
