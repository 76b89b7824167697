interface Made<T> {
  readonly inputs: readonly unknown[]
  readonly value: T
}

/** What is made differs by who asks (namespaces, address families): so many answers are remembered for each role of an object. */
const ANSWERS = 4

/**
 * Remembers what was made of which inputs, so that what did not change is not made again. Inputs are compared with ===: those that are objects
 * must never be changed in place. What is remembered of an object goes when the object does.
 */
export class Memo<T> {
  readonly #byObject = new WeakMap<object, Map<string, readonly Made<T>[]>>()

  /** What `make` made of `of` in this role and of these inputs before, or makes now. */
  recall(of: object, role: string, inputs: readonly unknown[], make: () => T): T {
    let byRole = this.#byObject.get(of)
    if (byRole === undefined) {
      byRole = new Map()
      this.#byObject.set(of, byRole)
    }
    const known = byRole.get(role) ?? []
    for (const one of known) if (sameInputs(one.inputs, inputs)) return one.value
    const value = make()
    byRole.set(role, [{ inputs, value }, ...known.slice(0, ANSWERS - 1)])
    return value
  }
}

export function sameInputs(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}
