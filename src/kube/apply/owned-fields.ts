import { equalJson, getOwn, isJsonMap } from '#kube/json-value.ts'
import type { Schema } from '#kube/schema.ts'
import { FieldSet } from './field-set.ts'
import { itemStep, nameStep } from './field-step.ts'

/** A field of a map or an element of a list, with its schema where one is known. */
export interface Child {
  readonly value: unknown
  readonly schema: Schema | undefined
  /** A field that the schema names, and not a key of a map or an element of a list. */
  readonly isNamed: boolean
}

export function childSchema(schema: Schema | undefined, name: string): Schema | undefined {
  return getOwn(schema?.properties, name) ?? schema?.additionalProperties
}

/**
 * What is owned one by one below a value, by its step; undefined where a value is owned whole: scalars, atomic maps, and lists unless their schema
 * says otherwise. Of elements with the same identity the first counts.
 */
export function childrenOf(value: unknown, schema: Schema | undefined): ReadonlyMap<string, Child> | undefined {
  const children = new Map<string, Child>()
  if (isJsonMap(value)) {
    if (schema?.['x-kubernetes-map-type'] === 'atomic') return undefined
    for (const [name, child] of Object.entries(value)) {
      const isNamed = getOwn(schema?.properties, name) !== undefined
      children.set(nameStep(name), { value: child, schema: childSchema(schema, name), isNamed })
    }
    return children
  }
  if (!Array.isArray(value) || schema === undefined || !isMergedList(schema)) return undefined
  for (const item of value) {
    const step = itemStep(item, schema)
    if (step !== undefined && !children.has(step))
      children.set(step, { value: item, schema: schema.items, isNamed: false })
  }
  return children
}

export function isMergedList(schema: Schema): boolean {
  return schema['x-kubernetes-list-type'] === 'map' || schema['x-kubernetes-list-type'] === 'set'
}

/** The fields that somebody who applies `value` owns: its leaves, the elements of its lists and the keys of its maps. */
export function fieldSetOf(value: unknown, schema: Schema | undefined): FieldSet {
  const entries: [string, boolean, FieldSet][] = []
  for (const [step, child] of childrenOf(value, schema) ?? []) {
    const below = fieldSetOf(child.value, child.schema)
    entries.push([step, below.isEmpty || !child.isNamed, below])
  }
  return FieldSet.of(entries)
}

/** Every field of a value, containers too. */
function wholeSet(value: unknown, schema: Schema | undefined): FieldSet {
  const entries: [string, boolean, FieldSet][] = []
  for (const [step, child] of childrenOf(value, schema) ?? []) {
    entries.push([step, true, wholeSet(child.value, child.schema)])
  }
  return FieldSet.of(entries)
}

/** How two values of one schema differ. */
export interface FieldChanges {
  /** Fields whose value is another one, or that are new. */
  readonly set: FieldSet
  readonly removed: FieldSet
}

export const NO_CHANGES: FieldChanges = { set: FieldSet.empty, removed: FieldSet.empty }

/** The fields that are set and removed on the way from one value to another. */
export function changesBetween(before: unknown, after: unknown, schema: Schema | undefined): FieldChanges {
  if (before === after) return NO_CHANGES
  const old = childrenOf(before, schema)
  const now = childrenOf(after, schema)
  const set: [string, boolean, FieldSet][] = []
  const removed: [string, boolean, FieldSet][] = []
  for (const [step, child] of now ?? []) {
    const was = old?.get(step)
    if (was === undefined) {
      set.push([step, true, wholeSet(child.value, child.schema)])
      continue
    }
    const below = changesBetween(was.value, child.value, child.schema)
    const isWhole =
      childrenOf(was.value, child.schema) === undefined || childrenOf(child.value, child.schema) === undefined
    set.push([step, isWhole && !equalJson(was.value, child.value), below.set])
    removed.push([step, false, below.removed])
  }
  for (const [step, child] of old ?? []) {
    if (now?.has(step) !== true) removed.push([step, true, wholeSet(child.value, child.schema)])
  }
  return { set: FieldSet.of(set), removed: FieldSet.of(removed) }
}
