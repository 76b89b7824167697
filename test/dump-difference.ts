import type { JsonValue } from '@bufbuild/protobuf'
import type { ResourceDump } from '#control/translate/dump.ts'

/** One place where two dumps are not the same. */
export interface Difference {
  /** "KIND NAME PATH", e.g. "clusters outbound|80||a.example lbPolicy"; "KIND NAME" for a whole resource. */
  readonly where: string
  readonly theirs: JsonValue | undefined
  readonly ours: JsonValue | undefined
}

type Tree = { readonly [key: string]: JsonValue }

/** Compares resource by resource and field by field. Lists of named things are compared by name and by order. */
export function differences(theirs: ResourceDump, ours: ResourceDump): readonly Difference[] {
  const found: Difference[] = []
  for (const kind of ['clusters', 'listeners', 'routes', 'endpoints'] as const)
    compareTrees(`${kind} `, byName(theirs[kind]), byName(ours[kind]), ' ', found)
  compareTrees('names ', theirs.names as Tree, ours.names as Tree, ' ', found)
  return found
}

function compare(where: string, theirs: JsonValue | undefined, ours: JsonValue | undefined, found: Difference[]): void {
  if (isTree(theirs) && isTree(ours)) compareTrees(where, theirs, ours, where.endsWith(' ') ? '' : '.', found)
  else if (Array.isArray(theirs) && Array.isArray(ours)) compareLists(where, theirs, ours, found)
  else if (theirs !== ours) found.push({ where: where.trimEnd(), theirs, ours })
}

function compareTrees(where: string, theirs: Tree, ours: Tree, separator: string, found: Difference[]): void {
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const path = separator === ' ' ? `${where}${key} ` : `${where}${separator}${key}`
    compare(path, theirs[key], ours[key], found)
  }
}

function compareLists(
  where: string,
  theirs: readonly JsonValue[],
  ours: readonly JsonValue[],
  found: Difference[],
): void {
  if (!named(theirs) || !named(ours)) {
    for (let i = 0; i < Math.max(theirs.length, ours.length); i++) compare(`${where}[${i}]`, theirs[i], ours[i], found)
    return
  }
  const [left, right] = [byName(theirs), byName(ours)]
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)]))
    compare(`${where}[${name}]`, left[name], right[name], found)
  const common = (list: Tree, other: Tree) => Object.keys(list).filter((name) => name in other)
  if (common(left, right).join() !== common(right, left).join())
    found.push({ where: `${where} order`, theirs: Object.keys(left), ours: Object.keys(right) })
}

function named(list: readonly JsonValue[]): boolean {
  return list.length > 0 && new Set(list.map(nameOf)).size === list.length && list.every((item) => nameOf(item) !== '')
}

function byName(list: readonly JsonValue[]): Tree {
  return Object.fromEntries(list.map((item) => [nameOf(item), item]))
}

function nameOf(item: JsonValue): string {
  return isTree(item) ? String(item.name ?? item.clusterName ?? '') : ''
}

function isTree(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
