import { snakeCase } from '#kube/field-path.ts'
/** A map of plain JSON data. */
export type Json = Readonly<Record<string, unknown>>

// Objects under analysis may be invalid in any way: what has not the type that is asked for counts as absent.

/** The value at a path of lowerCamelCase names; snake_case is read too, as protobuf JSON has it. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value
  for (const name of path) found = isMap(found) ? (found[name] ?? found[snakeCase(name)]) : undefined
  return found
}

/** "" where there is no string. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : undefined
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

export function stringsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((one) => typeof one === 'string')
}

/** undefined where there is no map. */
export function mapAt(value: unknown, ...path: readonly string[]): Json | undefined {
  const found = at(value, ...path)
  return isMap(found) ? found : undefined
}

/** Labels and the like: entries whose value is a string. */
export function labelsAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const entries = Object.entries(mapAt(value, ...path) ?? {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
