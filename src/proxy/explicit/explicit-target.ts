import type { Connection } from '#proxy/connection/connection.ts'

/** Where an explicit client (CONNECT, absolute-form HTTP, SOCKS5) asks to be taken. */
export interface ExplicitTarget {
  /** A name or an IP address, lower case, without brackets. */
  readonly host: string
  readonly port: number
  /** HTTP requests say their protocol; the others' first bytes are yet to come. */
  readonly protocol: 'http' | 'opaque'
}

/** What the front learns before it answers its client. */
export type ExplicitDecision =
  /** `proceed` takes the connection over, after the client was told to go on. */
  | { readonly kind: 'proceed'; proceed(connection: Connection): void }
  | { readonly kind: 'refuse'; readonly reason: string; readonly sentence: string }

/** Decides where a target leads; may resolve its name first. Answers exactly once. */
export type DecideTarget = (
  target: ExplicitTarget,
  connection: Connection,
  answer: (decision: ExplicitDecision) => void,
) => void

/** "host:port", "[v6]:port", or "host" with a default port; undefined when it is neither. */
export function parseAuthority(
  text: string,
  defaultPort: number | undefined,
): Omit<ExplicitTarget, 'protocol'> | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]@/?#\s]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  if (port === undefined || port < 1 || port > 65535) return undefined
  return { host: (match[1] ?? (match[2] as string)).toLowerCase(), port }
}
