import type { Status } from '#kube/status.ts'

/** What the API said when it did not do as asked: meta/v1 Status, with whatever reason the server has. */
export interface Refusal {
  readonly code: number
  /** "NotFound", "AlreadyExists", "Conflict", "Invalid" ...; "" when what answered was no API server. */
  readonly reason: string
  readonly message: string
  readonly details: Status['details'] | undefined
}

/** What became of a request that reached the server. `warnings` are the texts of its 299 warnings (RFC 9111). */
export type ApiOutcome<T> =
  | { readonly kind: 'done'; readonly value: T; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly warnings: readonly string[] }

/** Whether the same request may be granted later: rights are given, tokens renewed, and servers recover. */
export function mayPass({ code }: Refusal): boolean {
  return code === 401 || code === 403 || code === 429 || code >= 500
}

/** Reads the refusal of an answer that is no 2xx. A body that is no Status, as proxies send, becomes its message. */
export function refusalOf(code: number, body: string): Refusal {
  const status = parsedStatus(body)
  if (status === undefined) {
    const words = body.trim().slice(0, 200)
    return {
      code,
      reason: '',
      message: `the server answered ${code}${words === '' ? '' : `: ${words}`}`,
      details: undefined,
    }
  }
  return refusalOfStatus(status, code)
}

/** The refusal that a Status object holds, also one that arrives in a watch. */
export function refusalOfStatus(status: Partial<Status>, code = 500): Refusal {
  const { message, reason, details } = status
  const known = status.code ?? code
  return { code: known, reason: reason ?? '', message: message ?? `the server answered ${known}`, details }
}

function parsedStatus(body: string): Partial<Status> | undefined {
  try {
    const value = JSON.parse(body) as Partial<Status> | null
    return typeof value === 'object' && value?.kind === 'Status' ? value : undefined
  } catch {
    return undefined
  }
}

const WARNING = /\b299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g

/** The texts of `Warning: 299 - "..."` headers, several of which may share a line. */
export function warningsOf(header: string | readonly string[] | undefined): readonly string[] {
  const lines = header === undefined ? [] : typeof header === 'string' ? [header] : header
  return lines.flatMap((line) => [...line.matchAll(WARNING)].map(([, text = '']) => text.replace(/\\(.)/g, '$1')))
}
