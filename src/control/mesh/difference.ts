/** What came and what went from one list to the next, items compared with ===; neither list holds one twice. */
export interface Difference<Item> {
  readonly gone: ReadonlySet<Item>
  readonly come: ReadonlySet<Item>
}

/** Lists of which little changed begin and end alike: only what lies between is compared, so that a list of thousands costs a walk over it. */
export function differenceOf<Item>(before: readonly Item[], after: readonly Item[]): Difference<Item> {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const left = new Set(before.slice(start, before.length - end))
  const right = new Set(after.slice(start, after.length - end))
  return { gone: without(left, right), come: without(right, left) }
}

function without<Item>(items: ReadonlySet<Item>, others: ReadonlySet<Item>): ReadonlySet<Item> {
  return new Set([...items].filter((item) => !others.has(item)))
}
