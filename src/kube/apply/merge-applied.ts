import { copyMap, getOwn, isJsonMap, setOwn } from '#kube/json-value.ts'
import type { Schema } from '#kube/schema.ts'
import { badRequest } from '#kube/status-errors.ts'
import { FieldSet } from './field-set.ts'
import { formatStep, itemStep, nameStep } from './field-step.ts'
import { childrenOf, childSchema, isMergedList } from './owned-fields.ts'

/** A live value with an applied one laid over it. Throws a StatusError (BadRequest) when elements of an applied list have no identity of their own. */
export function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined, path = ''): unknown {
  if (isJsonMap(applied) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const merged = isJsonMap(live) ? copyMap(live) : {}
    for (const [name, value] of Object.entries(applied)) {
      setOwn(merged, name, mergeApplied(getOwn(merged, name), value, childSchema(schema, name), `${path}.${name}`))
    }
    return merged
  }
  if (Array.isArray(applied) && schema !== undefined && isMergedList(schema)) {
    return mergeLists(Array.isArray(live) ? live : [], applied, schema, path)
  }
  return applied
}

/** Elements stand in the applied order; those that only the live list has keep their place among their neighbours. */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], schema: Schema, path: string): unknown[] {
  const ours = stepsOf(applied, schema, path)
  const theirs = live.map((item) => itemStep(item, schema))
  // Of elements with the same identity the first counts.
  const liveItems = new Map<string | undefined, unknown>(
    theirs.map((step, index) => [step, live[index]] as const).reverse(),
  )
  const known = new Set<string | undefined>(ours)
  const merged: unknown[] = []
  const taken = new Set<string | undefined>()
  let next = 0
  for (const [index, step] of ours.entries()) {
    while (next < live.length && (!known.has(theirs[next]) || taken.has(theirs[next]))) {
      if (!known.has(theirs[next])) merged.push(live[next])
      next++
    }
    merged.push(mergeApplied(liveItems.get(step), applied[index], schema.items, `${path}${formatStep(step)}`))
    taken.add(step)
    if (theirs[next] === step) next++
  }
  for (; next < live.length; next++) if (!known.has(theirs[next])) merged.push(live[next])
  return merged
}

function stepsOf(applied: readonly unknown[], schema: Schema, path: string): readonly string[] {
  const steps = new Set<string>()
  for (const [index, item] of applied.entries()) {
    const step = itemStep(item, schema)
    if (step === undefined) {
      const keys = (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => JSON.stringify(key)).join(', ')
      throw badRequest(
        `${path}: element ${index}: associative list with keys has an element that omits key field ${keys} (and doesn't have default value)`,
      )
    }
    if (steps.has(step)) throw badRequest(`${path}: duplicate entries for key ${formatStep(step)}`)
    steps.add(step)
  }
  return [...steps]
}

/** The value without the fields of `before` that nobody has in `owned`: what somebody applied once and leaves out now. */
export function pruneAbandoned(value: unknown, before: FieldSet, owned: FieldSet, schema: Schema | undefined): unknown {
  const children = childrenOf(value, schema)
  if (children === undefined || before.isEmpty) return value
  const changed = new Map<string, unknown>()
  const gone = new Set<string>()
  for (const [step, child] of children) {
    const had = before.child(step)
    if (had === undefined) continue
    const has = owned.child(step)
    // Who owns a field of a message owns the message; an element or key belongs only to those who named it themselves.
    const isOwned = has?.member || (child.isNamed && has !== undefined)
    if (!isOwned && (had.member || child.isNamed)) gone.add(step)
    else changed.set(step, pruneAbandoned(child.value, had.below, has?.below ?? FieldSet.empty, child.schema))
  }
  if (isJsonMap(value)) {
    const kept: Record<string, unknown> = {}
    for (const [name, child] of Object.entries(value)) {
      const step = nameStep(name)
      if (!gone.has(step)) setOwn(kept, name, changed.has(step) ? changed.get(step) : child)
    }
    return kept
  }
  return (value as readonly unknown[]).flatMap((item) => {
    const step = itemStep(item, schema as Schema)
    if (step === undefined) return [item]
    if (gone.has(step)) return []
    return [changed.has(step) ? changed.get(step) : item]
  })
}
