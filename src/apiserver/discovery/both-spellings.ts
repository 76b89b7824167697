import { snakeCase } from '#kube/field-path.ts'
import type { Schema } from '#kube/schema.ts'

/**
 * A schema that names each field in the spellings that protobuf JSON accepts (spec 1.0), for clients that look themselves whether a file has fields that the schema
 * has not: kubectl up to 1.26, and every kubectl where a file holds a List. What is below the second spelling of a message is not looked at, and no field is
 * required that may be there in its other spelling: the server checks both.
 */
export function withBothSpellings(schema: Schema): Schema {
  const { properties, items, additionalProperties, required } = schema
  const fields = Object.entries(properties ?? {})
  return {
    ...schema,
    ...(items === undefined ? {} : { items: withBothSpellings(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: withBothSpellings(additionalProperties) }),
    ...(properties === undefined ? {} : { properties: Object.fromEntries(fields.flatMap(spelt)) }),
    ...(required === undefined ? {} : { required: required.filter((name) => otherSpellings(name).length === 0) }),
  }
}

function spelt([name, schema]: [string, Schema]): readonly (readonly [string, Schema])[] {
  const { type } = schema
  const isScalar = type !== undefined && type !== 'object' && type !== 'array'
  const other: Schema = { ...(isScalar ? schema : {}), description: `Another spelling of ${name}.` }
  return [[name, withBothSpellings(schema)], ...otherSpellings(name).map((spelling) => [spelling, other] as const)]
}

/** "target_port" for "targetPort"; digits may be words of their own, as in "consecutive_5xx_errors". */
function otherSpellings(name: string): readonly string[] {
  const snake = snakeCase(name)
  return [...new Set([snake, snake.replace(/(?<=[a-z])(?=[0-9])/g, '_')])].filter((spelling) => spelling !== name)
}
