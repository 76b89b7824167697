import { camelCase } from './field-path.ts'
import { getOwn, isJsonMap, setOwn } from './json-value.ts'
import type { Schema } from './schema.ts'

/** The name that a schema has for the field that is written as `key`: protobuf JSON accepts `target_port` for `targetPort` (spec 1.0). */
export function fieldName(schema: Schema | undefined, key: string): string {
  if (getOwn(schema?.properties, key) !== undefined) return key
  const name = camelCase(key)
  return getOwn(schema?.properties, name) === undefined ? key : name
}

/**
 * A value, or a merge patch, with its fields in the spelling of the schema, so that it can be laid over an object that was stored in it. Fields that no schema
 * names stay, and so does one whose other spelling stands beside it. `lastApplied` is what `kubectl apply` says that it applies: a null takes nothing away that is there
 * in the other spelling, for then the file was only respelt.
 */
export function respell(value: unknown, schema: Schema | undefined, lastApplied?: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => respell(item, schema?.items))
  if (!isJsonMap(value) || schema === undefined) return value
  const respelt: Record<string, unknown> = {}
  const applied = isJsonMap(lastApplied) ? lastApplied : {}
  for (const [key, child] of Object.entries(value)) {
    const name = fieldName(schema, key)
    const isGiven = name !== key && (Object.hasOwn(value, name) || (child === null && Object.hasOwn(applied, name)))
    const below = childSchema(schema, name)
    setOwn(respelt, isGiven ? key : name, respell(child, below, getOwn(applied, key)))
  }
  return respelt
}

/** A JSON patch with its paths and values in the spelling of the schema; what is no patch stays as it is. */
export function respellJsonPatch(patch: unknown, schema: Schema): unknown {
  if (!Array.isArray(patch)) return patch
  return patch.map((operation: unknown) => {
    if (!isJsonMap(operation)) return operation
    const { text: path, below } = respellPointer(operation.path, schema)
    return {
      ...operation,
      path,
      ...('from' in operation ? { from: respellPointer(operation.from, schema).text } : {}),
      ...('value' in operation ? { value: respell(operation.value, below) } : {}),
    }
  })
}

function respellPointer(
  pointer: unknown,
  schema: Schema,
): { readonly text: unknown; readonly below?: Schema | undefined } {
  if (typeof pointer !== 'string') return { text: pointer }
  let below: Schema | undefined = schema
  const [root, ...steps] = pointer.split('/')
  const respelt = steps.map((step) => {
    const name = fieldName(below, step)
    below = below?.items ?? childSchema(below, name)
    return name
  })
  return { text: [root, ...respelt].join('/'), below }
}

function childSchema(schema: Schema | undefined, name: string): Schema | undefined {
  return getOwn(schema?.properties, name) ?? schema?.additionalProperties
}
