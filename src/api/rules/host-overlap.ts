/** How the names that hosts and wildcards stand for lie to each other (spec 1.0, host overlap relations). */

/** A wildcard begins with `*` and stands for every name that ends with the rest: `*.foo.com` is without `foo.com`, `*foo.com` is with it. */
function isWildcard(host: string): boolean {
  return host.startsWith('*')
}

/** Some hosts, to ask which of them holds all names of another host. Asking costs the length of the name, not the number of hosts. */
export class HostSet {
  readonly #hosts = new Set<string>()

  constructor(hosts: Iterable<string> = []) {
    for (const host of hosts) this.#hosts.add(host)
  }

  add(host: string): void {
    this.#hosts.add(host)
  }

  /** A host of this set of which `host` is a subset; undefined when there is none. */
  holding(host: string): string | undefined {
    if (this.#hosts.has(host)) return host
    const tail = isWildcard(host) ? host.slice(1) : host
    for (let start = 0; start <= tail.length; start++) {
      const wildcard = `*${tail.slice(start)}`
      if (this.#hosts.has(wildcard)) return wildcard
    }
    return undefined
  }
}

/** Two hosts of a list that have names in common, the first of them first; `index` is that of the narrower. */
export interface Overlap {
  readonly index: number
  readonly first: string
  readonly second: string
}

/** Each host that lies within another of the list: any two that overlap do, one in the other. */
export function findOverlaps(hosts: readonly string[]): readonly Overlap[] {
  const widestFirst = [...hosts.entries()].sort(([, a], [, b]) => breadth(a) - breadth(b))
  const wider = new HostSet()
  const places = new Map([...hosts.entries()].reverse().map(([index, host]) => [host, index]))
  const overlaps: Overlap[] = []
  for (const [index, host] of widestFirst) {
    const holder = wider.holding(host)
    wider.add(host)
    if (holder === undefined) continue
    const isHolderFirst = places.get(holder)! <= index
    overlaps.push({ index, first: isHolderFirst ? holder : host, second: isHolderFirst ? host : holder })
  }
  return overlaps
}

/** Wildcards before names, short ones before long ones. */
function breadth(host: string): number {
  return isWildcard(host) ? host.length : Number.POSITIVE_INFINITY
}
