/** Where a field is in an object: names of fields and keys, and indexes of lists, from the root. */
export type FieldPath = readonly (string | number)[]

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/

/** A path as people write it: `spec.ports[0].number`, `metadata.labels["app.kubernetes.io/name"]`; "" is the root. */
export function formatPath(path: FieldPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!PLAIN_NAME.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** Whether `path` is `ancestor` or lies below it. */
export function isAtOrBelow(path: FieldPath, ancestor: FieldPath): boolean {
  return path.length >= ancestor.length && ancestor.every((step, index) => path[index] === step)
}

/** The snake_case spelling of a field's lowerCamelCase name. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The lowerCamelCase spelling of a field that protobuf JSON also accepts as snake_case. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
