import type { RetryPolicy, RouteAction } from '#proxy/config/model.ts'
import { ENVOY } from './codec/field-id.ts'
import type { Fields } from './codec/fields.ts'

const NO_RETRIES: RetryPolicy = { retryOn: new Set(), retriableStatusCodes: [], numRetries: 1, perTryTimeoutMs: 0 }

/**
 * The route's timeouts and retries as the application asks for them in Envoy's request fields (x-envoy-upstream-rq-timeout-ms,
 * x-envoy-upstream-rq-per-try-timeout-ms, x-envoy-max-retries, x-envoy-retry-on, x-envoy-retriable-status-codes).
 * They end here: the upstream does not see them. What is no number is passed over.
 */
export function asWished(action: RouteAction, fields: Fields): RouteAction {
  if (!fields.hasId(ENVOY)) return action
  return {
    ...action,
    timeoutMs: numberIn(fields, 'x-envoy-upstream-rq-timeout-ms') ?? action.timeoutMs,
    retry: wishedRetries(action.retry, fields),
  }
}

function wishedRetries(policy: RetryPolicy | undefined, fields: Fields): RetryPolicy | undefined {
  const retryOn = listIn(fields, 'x-envoy-retry-on')
  if (policy === undefined && retryOn.length === 0) return undefined
  const base = policy ?? NO_RETRIES
  const codes = listIn(fields, 'x-envoy-retriable-status-codes').map(Number).filter(Number.isInteger)
  return {
    retryOn: new Set([...base.retryOn, ...retryOn]),
    retriableStatusCodes: [...base.retriableStatusCodes, ...codes],
    numRetries: numberIn(fields, 'x-envoy-max-retries') ?? base.numRetries,
    perTryTimeoutMs: numberIn(fields, 'x-envoy-upstream-rq-per-try-timeout-ms') ?? base.perTryTimeoutMs,
  }
}

function numberIn(fields: Fields, name: string): number | undefined {
  const text = fields.get(name)
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined
}

function listIn(fields: Fields, name: string): string[] {
  return (fields.get(name) ?? '')
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
}
