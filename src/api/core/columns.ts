import type { JsonObject, PrinterColumn } from '#api/kind.ts'
import { listAt, mapAt, shown, textAt } from './object-fields.ts'

/** What `kubectl get` prints where there is nothing. */
export const NONE = '<none>'

/** A column of strings. */
export function textColumn(name: string, description: string, value: PrinterColumn['value']): PrinterColumn {
  return { name, type: 'string', description, priority: 0, value }
}

/** A column of whole numbers. */
export function countColumn(name: string, description: string, value: (object: JsonObject) => number): PrinterColumn {
  return { name, type: 'integer', description, priority: 0, value }
}

/** The same column with `-o wide` only. */
export function wide(shown: PrinterColumn): PrinterColumn {
  return { ...shown, priority: 1 }
}

/** `a=b,c=d` of a map of labels, in the order of their keys. */
export function labelText(labels: JsonObject): string {
  const keys = Object.keys(labels).sort()
  return keys.length === 0 ? NONE : keys.map((key) => `${key}=${shown(labels[key])}`).join(',')
}

/** A label selector as `kubectl get -l` takes it. */
export function selectorText(selector: JsonObject): string {
  const labels = mapAt(selector, 'matchLabels')
  const terms = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${shown(labels[key])}`)
  for (const expression of listAt(selector, 'matchExpressions')) {
    const key = textAt(expression, 'key')
    const operator = textAt(expression, 'operator')
    const values = Array.isArray(expression.values) ? expression.values.map(shown).join(',') : ''
    if (operator === 'Exists') terms.push(key)
    else if (operator === 'DoesNotExist') terms.push(`!${key}`)
    else terms.push(`${key} ${operator.toLowerCase()} (${values})`)
  }
  return terms.length === 0 ? NONE : terms.join(',')
}
