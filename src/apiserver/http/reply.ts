import type { Status, StatusError } from '#kube/status.ts'
import type { WatchFeed } from './watch-stream.ts'

/** What is answered to one request. */
export type Reply =
  | ContentReply
  | { readonly kind: 'watch'; readonly feed: WatchFeed; readonly warnings: readonly string[] }

export interface ContentReply {
  readonly kind: 'content'
  readonly code: number
  readonly contentType: string
  readonly body: string | Uint8Array
  /** Told in `Warning` headers: kubectl prints each as a line. */
  readonly warnings: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

export const JSON_TYPE = 'application/json'

/** A reply of JSON data: of `text` when it is written already. */
export function jsonReply(value: unknown, options: { code?: number; warnings?: readonly string[] } = {}): Reply {
  return textReply(JSON.stringify(value), options)
}

export function textReply(body: string, options: { code?: number; warnings?: readonly string[] } = {}): Reply {
  const { code = 200, warnings = [] } = options
  return { kind: 'content', code, contentType: JSON_TYPE, body, warnings, headers: {} }
}

/** A reply of another type than objects have. */
export function contentReply(
  body: string | Uint8Array,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { kind: 'content', code: 200, contentType, body, warnings: [], headers }
}

/** Refuses a request with the error's own Status. */
export function refusal({ status }: StatusError, warnings: readonly string[] = []): ContentReply {
  return { ...contentOf(status), warnings }
}

function contentOf(status: Status & { readonly code: number }) {
  const retry = status.details?.retryAfterSeconds
  return {
    kind: 'content' as const,
    code: status.code,
    contentType: JSON_TYPE,
    body: JSON.stringify(status),
    headers: retry === undefined ? {} : { 'Retry-After': String(retry) },
  }
}
