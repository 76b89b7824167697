import type { JsonObject } from '#api/kind.ts'
import { isRecord } from '#api/schema/decode.ts'

/** Reads of plain JSON data that hold whatever is there: a value of another type counts as absent. */

/** The value that the names lead to. */
export function valueAt(value: unknown, ...names: readonly string[]): unknown {
  let at = value
  for (const name of names) {
    if (!isRecord(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

/** A map, or an empty one. */
export function mapAt(value: unknown, ...names: readonly string[]): JsonObject {
  const found = valueAt(value, ...names)
  return isRecord(found) ? found : {}
}

/** A list of maps, or an empty one; elements of other types count as empty maps, so that indexes stay. */
export function listAt(value: unknown, ...names: readonly string[]): readonly JsonObject[] {
  const found = valueAt(value, ...names)
  return Array.isArray(found) ? found.map((element) => (isRecord(element) ? element : {})) : []
}

/** A list of strings, or an empty one. */
export function textsAt(value: unknown, ...names: readonly string[]): readonly string[] {
  const found = valueAt(value, ...names)
  return Array.isArray(found) ? found.map((element) => (typeof element === 'string' ? element : '')) : []
}

/** A string, or "". */
export function textAt(value: unknown, ...names: readonly string[]): string {
  const found = valueAt(value, ...names)
  return typeof found === 'string' ? found : ''
}

export function numberAt(value: unknown, ...names: readonly string[]): number | undefined {
  const found = valueAt(value, ...names)
  return typeof found === 'number' ? found : undefined
}

/** The object with fields replaced, if it is one; a field that comes out undefined is taken away. */
export function withFields<T>(value: T, fields: Readonly<Record<string, unknown>>): T {
  if (!isRecord(value)) return value
  const entries = Object.entries({ ...value, ...fields }).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries) as T
}

/** The object with fields that it lacks. */
export function withDefaults<T>(value: T, defaults: Readonly<Record<string, unknown>>): T {
  if (!isRecord(value)) return value
  const lacking = Object.entries(defaults).filter(([name]) => value[name] === undefined || value[name] === null)
  return withFields(value, Object.fromEntries(lacking))
}

/** A list with each element changed; anything else stays as it is. */
export function mapped(value: unknown, change: (element: unknown) => unknown): unknown {
  return Array.isArray(value) ? value.map(change) : value
}

/** A value as text, whatever it is: data that is not checked yet may hold a map where a string belongs. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
