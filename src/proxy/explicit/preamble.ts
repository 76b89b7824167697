import type { ExplicitTarget } from './explicit-target.ts'

/** What a preamble makes of the bytes so far. */
export type PreambleStep =
  | { readonly kind: 'more' }
  /** `reply` goes to the client, then more is read. */
  | { readonly kind: 'reply'; readonly reply: Buffer }
  | { readonly kind: 'refuse'; readonly reply: Buffer }
  | { readonly kind: 'target'; readonly target: ExplicitTarget }

/** One client protocol's way of saying where to go. */
export interface Preamble {
  /** Consumes from the front of `bytes`; `rest` is what it left. */
  step(bytes: Buffer): { readonly step: PreambleStep; readonly rest: Buffer }
  /** What the client hears before its bytes go through; empty for absolute-form HTTP. */
  accepted(): Buffer
  refused(reason: string, sentence: string): Buffer
}
