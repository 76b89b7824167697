/** Hosts kept per parent domain: a sibling is a hint, not a list. */
const MAX_SIBLINGS = 4
/** Second-level labels under which strangers live side by side (co.uk, com.au, ...): no kinship. */
const PUBLIC_SECOND_LEVELS: ReadonlySet<string> = new Set([
  'co',
  'com',
  'org',
  'net',
  'gov',
  'ac',
  'edu',
  'or',
  'ne',
  'go',
])

/**
 * Finds, among the hosts that a configuration names, the one that a refused host most likely was meant to be:
 * with or without "www.", a parent, a wildcard just missed, a typing error, a sibling or sub-domain - in this order.
 */
export class NearestHost {
  readonly #hosts: readonly string[]
  readonly #known: ReadonlySet<string>
  readonly #byParent = new Map<string, string[]>()
  /** Which letters a host has, one bit per letter class: rules nearly all hosts out before the edit distance is computed. */
  readonly #letters: Int32Array

  constructor(hosts: Iterable<string>) {
    this.#hosts = [...hosts]
    this.#known = new Set(this.#hosts)
    this.#letters = Int32Array.from(this.#hosts, lettersOf)
    for (const host of this.#hosts) {
      for (const parent of parentsOf(host)) this.#addChild(parent, host)
    }
  }

  /** `host` in lower case; undefined when nothing is near. */
  find(host: string): string | undefined {
    return this.#relative(host) ?? this.#typo(host) ?? this.#sibling(host)
  }

  #relative(host: string): string | undefined {
    const twin = host.startsWith('www.') ? host.slice(4) : `www.${host}`
    const candidates = [twin, `*.${host}`, ...parentsOf(host)]
    return candidates.find((candidate) => this.#known.has(candidate))
  }

  /** One edit away, else two; short names get one only. */
  #typo(host: string): string | undefined {
    const allowed = host.length < 8 ? 1 : 2
    const letters = lettersOf(host)
    let second: string | undefined
    for (let at = 0; at < this.#hosts.length; at += 1) {
      if (bitCount((this.#letters[at] as number) ^ letters) > 2 * allowed) continue
      const candidate = this.#hosts[at] as string
      if (Math.abs(candidate.length - host.length) > allowed) continue
      if (isWithin(1, host, 0, candidate, 0)) return candidate
      if (allowed > 1 && second === undefined && isWithin(2, host, 0, candidate, 0)) second = candidate
    }
    return second
  }

  #sibling(host: string): string | undefined {
    for (const parent of [host, ...parentsOf(host)]) {
      const [sibling] = this.#byParent.get(parent) ?? []
      if (sibling !== undefined) return sibling
    }
    return undefined
  }

  #addChild(parent: string, host: string): void {
    const children = this.#byParent.get(parent)
    if (children === undefined) this.#byParent.set(parent, [host])
    else if (children.length < MAX_SIBLINGS) children.push(host)
  }
}

/** "a.b.example.com" → "b.example.com", "example.com": the domains above a host that one owner may own. */
function parentsOf(host: string): string[] {
  const labels = host.split('.')
  const parents: string[] = []
  for (let at = 1; at <= labels.length - 2; at += 1) {
    const isPublic = at === labels.length - 2 && PUBLIC_SECOND_LEVELS.has(labels[at] as string)
    if (!isPublic) parents.push(labels.slice(at).join('.'))
  }
  return parents
}

function lettersOf(host: string): number {
  let letters = 0
  for (let at = 0; at < host.length; at += 1) letters |= 1 << (host.charCodeAt(at) & 31)
  return letters
}

function bitCount(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/**
 * Can at most `edits` insertions, deletions, replacements or swaps of neighbours turn one text (from `at`) into the other?
 * Walks to the first difference and tries each kind of edit there: no table, nothing allocated, and strangers fail at once.
 */
function isWithin(edits: number, one: string, at: number, other: string, otherAt: number): boolean {
  while (at < one.length && one[at] === other[otherAt]) {
    at += 1
    otherAt += 1
  }
  if (at === one.length || otherAt === other.length) return one.length - at + other.length - otherAt <= edits
  if (edits === 0) return false
  const isSwap = one[at] === other[otherAt + 1] && one[at + 1] === other[otherAt]
  return (
    isWithin(edits - 1, one, at + 1, other, otherAt + 1) ||
    isWithin(edits - 1, one, at + 1, other, otherAt) ||
    isWithin(edits - 1, one, at, other, otherAt + 1) ||
    (isSwap && isWithin(edits - 1, one, at + 2, other, otherAt + 2))
  )
}
