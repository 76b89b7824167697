/** What the DNS responder knows of the addresses that it gave out. */
export interface NameLookup {
  /** The name that the application asked for: lower case, without a trailing dot; undefined when this address was never an answer. */
  hostOf(ip: string): string | undefined
  /** Whether this address was an answer for `host` (lower case, possibly "*.x"): for it, or for a name below the wildcard. */
  wasAnsweredFor(ip: string, host: string): boolean
}

/** For proxies beside which there is no DNS responder. */
export const NO_NAMES: NameLookup = { hostOf: () => undefined, wasAnsweredFor: () => false }
