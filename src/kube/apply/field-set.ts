import { isJsonMap, type JsonMap, setOwn } from '#kube/json-value.ts'
import { canonicalStep, formatStep } from './field-step.ts'

/** A field as managedFields name it, from the root: `f:spec`, `f:ports`, `k:{"name":"http"}`. */
export type StepPath = readonly string[]

interface Entry {
  /** Whether the field itself is in the set, and not just something below it. */
  readonly member: boolean
  readonly below: FieldSet
}

/** managedFields nest as deep as objects do. */
const MAX_DEPTH = 100

/**
 * A set of fields of an object, as a tree: what managedFields hold in `fieldsV1` (`{"f:spec":{"f:host":{}}}`). A field and what lies below it are
 * members each for itself. Never changed in place.
 */
export class FieldSet {
  static readonly empty: FieldSet = new FieldSet(new Map())
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries
  }

  static of(entries: Iterable<readonly [string, boolean, FieldSet]>): FieldSet {
    const kept = new Map<string, Entry>()
    for (const [step, member, below] of entries) if (member || !below.isEmpty) kept.set(step, { member, below })
    return kept.size === 0 ? FieldSet.empty : new FieldSet(kept)
  }

  /** The set of these paths, and of nothing above or below them. */
  static from(paths: Iterable<StepPath>): FieldSet {
    let set = FieldSet.empty
    for (const path of paths) set = set.union(FieldSet.#single(path))
    return set
  }

  static #single(path: StepPath): FieldSet {
    return path.reduceRight<FieldSet>(
      (below, step, index) => FieldSet.of([[step, index === path.length - 1, below]]),
      FieldSet.empty,
    )
  }

  /** Reads `fieldsV1`; undefined when it is none. */
  static decode(fields: unknown, depth = 0): FieldSet | undefined {
    if (!isJsonMap(fields) || depth > MAX_DEPTH) return undefined
    const entries: [string, boolean, FieldSet][] = []
    for (const [name, value] of Object.entries(fields)) {
      if (name === '.') continue
      const step = canonicalStep(name)
      const below = FieldSet.decode(value, depth + 1)
      if (step === undefined || below === undefined || !isJsonMap(value)) return undefined
      entries.push([step, below.isEmpty || Object.hasOwn(value, '.'), below])
    }
    return FieldSet.of(entries)
  }

  encode(): JsonMap {
    const fields: Record<string, unknown> = {}
    for (const [step, { member, below }] of this.#sorted()) {
      setOwn(fields, step, member && !below.isEmpty ? { '.': {}, ...below.encode() } : below.encode())
    }
    return fields
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  child(step: string): Entry | undefined {
    return this.#entries.get(step)
  }

  has(path: StepPath): boolean {
    let entry: Entry = { member: false, below: this }
    for (const step of path) {
      const next = entry.below.child(step)
      if (next === undefined) return false
      entry = next
    }
    return entry.member
  }

  union(other: FieldSet): FieldSet {
    if (this.isEmpty) return other
    if (other.isEmpty) return this
    return this.#combine(
      other,
      (mine, others) => mine || others,
      (mine, others) => mine.union(others),
    )
  }

  /** The members that `other` has not. */
  difference(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return this
    return FieldSet.of(
      [...this.#entries].map(([step, { member, below }]) => {
        const others = other.#entries.get(step) ?? NOTHING
        return [step, member && !others.member, below.difference(others.below)] as const
      }),
    )
  }

  intersection(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return FieldSet.empty
    return this.#combine(
      other,
      (mine, others) => mine && others,
      (mine, others) => mine.intersection(others),
    )
  }

  equals(other: FieldSet): boolean {
    if (this.#entries.size !== other.#entries.size) return false
    for (const [step, { member, below }] of this.#entries) {
      const entry = other.#entries.get(step)
      if (entry?.member !== member || !below.equals(entry.below)) return false
    }
    return true
  }

  /** All members in a fixed order: those of a level before those below it. */
  *paths(): Generator<StepPath> {
    const entries = this.#sorted()
    for (const [step, { member }] of entries) if (member) yield [step]
    for (const [step, { below }] of entries) for (const path of below.paths()) yield [step, ...path]
  }

  #sorted(): readonly (readonly [string, Entry])[] {
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  #combine(
    other: FieldSet,
    member: (mine: boolean, others: boolean) => boolean,
    below: (mine: FieldSet, others: FieldSet) => FieldSet,
  ): FieldSet {
    const steps = new Set([...this.#entries.keys(), ...other.#entries.keys()])
    return FieldSet.of(
      [...steps].map((step) => {
        const mine = this.#entries.get(step) ?? NOTHING
        const others = other.#entries.get(step) ?? NOTHING
        return [step, member(mine.member, others.member), below(mine.below, others.below)] as const
      }),
    )
  }
}

const NOTHING: Entry = { member: false, below: FieldSet.empty }

/** A path as conflicts name it: `.spec.ports[name="http"].number`. */
export function formatSteps(path: StepPath): string {
  return path.map(formatStep).join('')
}
