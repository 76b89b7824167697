import { durationMs } from '#api/duration.ts'
import {
  boolean,
  type Decode,
  described,
  double,
  int32,
  list,
  message,
  oneOf,
  oneofCase,
  optional,
  shaped,
  string,
  writtenAs,
} from '#api/schema/decode.ts'
import { decodeStringMatch } from './string-match.ts'
import type { CorsPolicy, HttpAbort, HttpDelay, HttpFault, HttpRetry } from './virtual-service.ts'

/** Fields of retries, faults and CORS policies of an HTTP route (spec 1.3). */

/** `{value: N}`, N from 0 to 100. */
export const decodePercent: Decode<number> = shaped(
  message({ value: described('Percent, 0 to 100.', double) }),
  ({ value }) => value,
)

export const decodeHttpRetry = message<HttpRetry>({
  attempts: described('How often a failed request is tried again; 0 is never.', int32),
  perTryTimeoutMs: writtenAs(
    'perTryTimeout',
    described('Longest time of one attempt, such as 2s; the timeout of the route when absent.', durationMs),
  ),
  retryOn: described('What is tried again: conditions of Envoy and HTTP status codes, separated by commas.', string()),
  retryRemoteLocalities: described('Whether attempts may go to endpoints in other localities.', optional(boolean)),
  retryIgnorePreviousHosts: described(
    'Whether an attempt avoids the endpoints that failed before; true when absent.',
    optional(boolean),
  ),
  backoffMs: writtenAs('backoff', described('Least time between two attempts; 25ms when absent.', durationMs)),
})

export const decodeCorsPolicy = message<CorsPolicy>({
  allowOrigins: described('Origins that may call, each matched as a string.', list(decodeStringMatch)),
  allowOrigin: described('Deprecated: exact origins that may call.', list(string())),
  allowMethods: described('Methods that may be used, for Access-Control-Allow-Methods.', list(string())),
  allowHeaders: described('Headers that may be sent, for Access-Control-Allow-Headers.', list(string())),
  exposeHeaders: described('Headers that scripts may read, for Access-Control-Expose-Headers.', list(string())),
  maxAgeMs: writtenAs(
    'maxAge',
    described('How long a preflight answer may be kept, in whole seconds such as 24h.', durationMs),
  ),
  allowCredentials: described('Whether requests may carry credentials.', optional(boolean)),
  unmatchedPreflights: described(
    'What becomes of preflight requests from other origins.',
    oneOf(['UNSPECIFIED', 'FORWARD', 'IGNORE']),
  ),
})

interface WrittenDelay {
  readonly fixedDelay: number | undefined
  readonly exponentialDelay: number | undefined
  readonly percentage: number | undefined
  readonly percent: number
}

const decodeDelay: Decode<HttpDelay> = shaped(
  message<WrittenDelay>({
    fixedDelay: described('How long a request is held, such as 5s.', durationMs),
    exponentialDelay: described('Not supported.', durationMs),
    percentage: described('How many requests are held; none when absent.', optional(decodePercent)),
    percent: described('Deprecated: how many requests are held, in whole percents.', int32),
  }),
  ({ percentage, percent, ...delay }, path, report) => {
    const kind = oneofCase(delay, 'http_delay_type', ['fixedDelay', 'exponentialDelay'], path, report)
    if (kind === undefined) return { delay: undefined, percentage, percent }
    if (kind === 'exponentialDelay') return { delay: { kind: 'exponential' }, percentage, percent }
    return { delay: { kind: 'fixed', durationMs: delay.fixedDelay! }, percentage, percent }
  },
)

interface WrittenAbort {
  readonly httpStatus: number | undefined
  readonly grpcStatus: string | undefined
  readonly http2Error: string | undefined
  readonly percentage: number | undefined
  readonly percent: number
}

const decodeAbort: Decode<HttpAbort> = shaped(
  message<WrittenAbort>({
    httpStatus: described('HTTP status of the answer.', optional(int32)),
    grpcStatus: described('gRPC status of the answer, such as UNAVAILABLE.', optional(string())),
    http2Error: described('Not supported.', optional(string())),
    percentage: described('How many requests are refused; none when absent.', optional(decodePercent)),
    percent: described('Deprecated: how many requests are refused, in whole percents.', int32),
  }),
  ({ percentage, percent, ...error }, path, report) => {
    switch (oneofCase(error, 'error_type', ['httpStatus', 'grpcStatus', 'http2Error'], path, report)) {
      case 'httpStatus':
        return { error: { kind: 'http status', status: error.httpStatus! }, percentage, percent }
      case 'grpcStatus':
        return { error: { kind: 'grpc status', status: error.grpcStatus! }, percentage, percent }
      case 'http2Error':
        return { error: { kind: 'http2 error' }, percentage, percent }
      default:
        return { error: undefined, percentage, percent }
    }
  },
)

export const decodeHttpFault = message<HttpFault>({
  delay: described('Holds requests before they go on.', optional(decodeDelay)),
  abort: described('Answers requests with an error instead of sending them on.', optional(decodeAbort)),
})
