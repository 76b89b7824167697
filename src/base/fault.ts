/** The one error class of the house: thrown at I/O edges, never per chunk of bytes (ARCHITECTURE, decision 8). */
export class Fault extends Error {
  /** Stable, documented in docs/errors.md, e.g. "capsule/user-namespaces-forbidden". */
  readonly code: string
  /** What the user can do about it: a sentence or a command. */
  readonly mend: string | undefined

  constructor(code: string, message: string, options: { readonly mend?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.mend = options.mend
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
