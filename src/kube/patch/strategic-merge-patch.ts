import { copyMap, getOwn, isJsonMap, type JsonMap, setOwn } from '#kube/json-value.ts'
import { objectSchema } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { badRequest } from '#kube/status-errors.ts'
import { byKey, mergeMapList, orderLike, withoutDirectives } from './strategic-list.ts'

const PATCH = '$patch'
const RETAIN_KEYS = '$retainKeys'
const DELETE_FROM = '$deleteFromPrimitiveList/'
const ORDER = '$setElementOrder/'

/**
 * Applies a strategic merge patch: a merge patch in which the schema says which lists are merged, by which key, and in which directives
 * ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder) say what a merge alone cannot. `schema` is a kind's schema or that of its whole objects.
 * The value stays as it is. Throws a StatusError (BadRequest) for a patch that makes no sense.
 */
export function applyStrategicMergePatch(value: unknown, patch: unknown, schema: Schema): unknown {
  if (!isJsonMap(patch)) throw badRequest('a strategic merge patch must be a map')
  return mergeMap(isJsonMap(value) ? value : {}, patch, objectSchema(schema))
}

function mergeMap(value: JsonMap, patch: JsonMap, schema: Schema | undefined): JsonMap {
  const directive = patch[PATCH]
  if (directive === 'replace') return withoutDirectives(omit(patch, PATCH)) as JsonMap
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown patch type: ${String(directive)}`)
  const merged = retained(value, patch)
  for (const [key, names] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) deleteFromList(merged, key.slice(DELETE_FROM.length), names)
  }
  for (const [name, change] of Object.entries(patch)) {
    if (isDirective(name)) continue
    if (change === null) delete merged[name]
    else setOwn(merged, name, mergeField(getOwn(merged, name), change, fieldSchema(schema, name)))
  }
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) reorder(merged, value, key.slice(ORDER.length), order, schema)
  }
  return merged
}

function mergeField(value: unknown, change: unknown, schema: Schema | undefined): unknown {
  const strategies = schema?.['x-kubernetes-patch-strategy']?.split(',') ?? []
  if (isJsonMap(change)) {
    if (!isJsonMap(value)) return mergeMap({}, change, schema)
    return strategies.includes('replace') ? withoutDirectives(omit(change, PATCH)) : mergeMap(value, change, schema)
  }
  if (!Array.isArray(change)) return change
  if (!strategies.includes('merge')) return withoutDirectives(replacedBy(change))
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  const key = schema?.['x-kubernetes-patch-merge-key']
  if (key === undefined) return mergePrimitives(list, change)
  return mergeMapList(list, change, key, (item, itemChange) => mergeMap(item, itemChange, schema?.items))
}

/** A list that replaces may say so itself: `- $patch: replace`. */
function replacedBy(change: readonly unknown[]): readonly unknown[] {
  return change.filter((item) => !(isJsonMap(item) && item[PATCH] === 'replace'))
}

/** New values stand where the patch has them: in front of what only the server knows. */
function mergePrimitives(list: readonly unknown[], change: readonly unknown[]): readonly unknown[] {
  return orderLike([...new Set([...change, ...list])], change, list, JSON.stringify)
}

function retained(value: JsonMap, patch: JsonMap): Record<string, unknown> {
  const names = patch[RETAIN_KEYS]
  const merged = copyMap(value)
  if (names === undefined) return merged
  if (!Array.isArray(names)) throw badRequest(`${RETAIN_KEYS} must be a list of names`)
  for (const [name, change] of Object.entries(patch)) {
    if (change !== null && !isDirective(name) && !names.includes(name)) {
      throw badRequest(`${RETAIN_KEYS} must name every field that the patch sets: ${JSON.stringify(name)} is missing`)
    }
  }
  for (const name of Object.keys(merged)) if (!names.includes(name)) delete merged[name]
  return merged
}

function deleteFromList(merged: Record<string, unknown>, name: string, values: unknown): void {
  if (!Array.isArray(values)) throw badRequest(`${DELETE_FROM}${name} must be a list`)
  const list = getOwn(merged, name)
  const deleted = new Set<unknown>(values)
  if (Array.isArray(list))
    setOwn(
      merged,
      name,
      list.filter((item) => !deleted.has(item)),
    )
}

function reorder(
  merged: Record<string, unknown>,
  before: JsonMap,
  name: string,
  order: unknown,
  schema: Schema | undefined,
): void {
  if (!Array.isArray(order)) throw badRequest(`${ORDER}${name} must be a list`)
  const list = getOwn(merged, name)
  if (!Array.isArray(list)) return
  const key = fieldSchema(schema, name)?.['x-kubernetes-patch-merge-key']
  const identify = key === undefined ? JSON.stringify : byKey(key)
  const server = getOwn(before, name)
  setOwn(merged, name, orderLike(list, order, Array.isArray(server) ? server : [], identify))
}

function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  return getOwn(schema?.properties, name) ?? schema?.additionalProperties
}

function isDirective(name: string): boolean {
  return name === PATCH || name === RETAIN_KEYS || name.startsWith(DELETE_FROM) || name.startsWith(ORDER)
}

function omit(map: JsonMap, name: string): JsonMap {
  const copy = copyMap(map)
  delete copy[name]
  return copy
}
