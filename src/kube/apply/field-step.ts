import { getOwn, isJsonMap, type JsonMap } from '#kube/json-value.ts'
import type { Schema } from '#kube/schema.ts'

/** The step to a field of a map. */
export function nameStep(name: string): string {
  return `f:${name}`
}

/** The step to an element of a list of type map or set; undefined when the element has no identity, because its keys are missing. */
export function itemStep(item: unknown, schema: Schema): string | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return `v:${JSON.stringify(item)}`
  if (!isJsonMap(item)) return undefined
  const keys: Record<string, unknown> = {}
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = getOwn(item, key) ?? getOwn(schema.items?.properties, key)?.default
    if (value !== undefined && value !== null) keys[key] = value
  }
  return Object.keys(keys).length === 0 ? undefined : keysStep(keys)
}

/** A step in the one spelling that it has here; undefined when it is none. */
export function canonicalStep(step: string): string | undefined {
  const rest = step.slice(2)
  if (step.startsWith('f:')) return step
  if (step.startsWith('i:')) return /^[0-9]{1,10}$/.test(rest) ? step : undefined
  try {
    const value: unknown = JSON.parse(rest)
    if (step.startsWith('v:')) return `v:${JSON.stringify(value)}`
    return step.startsWith('k:') && isJsonMap(value) ? keysStep(value) : undefined
  } catch {
    return undefined
  }
}

/** `.name`, `[name="http",port=80]`, `[="value"]` or `[3]`. */
export function formatStep(step: string): string {
  const rest = step.slice(2)
  if (step.startsWith('f:')) return `.${rest}`
  if (step.startsWith('v:')) return `[=${rest}]`
  if (step.startsWith('i:')) return `[${rest}]`
  const keys = Object.entries(JSON.parse(rest) as JsonMap)
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
}

function keysStep(keys: JsonMap): string {
  return `k:${JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`
}
