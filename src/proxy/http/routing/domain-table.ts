/**
 * Finds the value whose domain fits a host best (Envoy's virtual host matching): exact, then the longest "*.suffix",
 * then the longest "prefix.*", then "*". Domains are lower case; the first one that claims a domain keeps it.
 */
export class DomainTable<T> {
  readonly #exact = new Map<string, T>()
  readonly #suffixes = new Map<string, T>()
  readonly #prefixes = new Map<string, T>()
  #any: T | undefined = undefined
  /** Lengths that occur, longest first: one look-up for each. */
  #suffixLengths: readonly number[] = []
  #prefixLengths: readonly number[] = []

  constructor(entries: Iterable<readonly [domain: string, value: T]>) {
    for (const [domain, value] of entries) this.#add(domain.toLowerCase(), value)
    this.#suffixLengths = lengthsOf(this.#suffixes)
    this.#prefixLengths = lengthsOf(this.#prefixes)
  }

  /** @param host lower case */
  find(host: string): T | undefined {
    const exact = this.#exact.get(host)
    if (exact !== undefined) return exact
    for (const length of this.#suffixLengths) {
      // "*.x" stands for at least one character in front of ".x".
      if (length >= host.length) continue
      const value = this.#suffixes.get(host.slice(-length))
      if (value !== undefined) return value
    }
    for (const length of this.#prefixLengths) {
      if (length >= host.length) continue
      const value = this.#prefixes.get(host.slice(0, length))
      if (value !== undefined) return value
    }
    return this.#any
  }

  #add(domain: string, value: T): void {
    if (domain === '*') this.#any ??= value
    else if (domain.startsWith('*')) addFirst(this.#suffixes, domain.slice(1), value)
    else if (domain.endsWith('*')) addFirst(this.#prefixes, domain.slice(0, -1), value)
    else addFirst(this.#exact, domain, value)
  }
}

function addFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value)
}

function lengthsOf(map: ReadonlyMap<string, unknown>): number[] {
  return [...new Set([...map.keys()].map((key) => key.length))].sort((a, b) => b - a)
}
