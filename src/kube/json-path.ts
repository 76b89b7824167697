import { getOwn, isJsonMap } from './json-value.ts'

/** A compiled JSONPath: all values that it finds in an object, in order; none when something on the way is missing. */
export type JsonPath = (object: unknown) => unknown[]

/** From one value to those that a step finds in it. */
type Step = (value: unknown) => unknown[]

const NAME = /\.((?:\\.|[^.[\\\s])+)/y
const BRACKETS = /\[(?:(\*)|(-?\d+)|'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|\?\((.+?)\))\]/y
const CONDITION = /^@((?:\.[^\s=!<>]+)?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+))?$/

/**
 * Compiles the JSONPath of a printer column: `.spec.hosts`, `.spec.ports[*].port`, `.metadata.labels['app']`, `.metadata.labels.example\.com/team`,
 * `.status.conditions[?(@.type=="Ready")].status`. A leading `$` and braces around it all may stand there. Throws an Error for what is none of these.
 */
export function compileJsonPath(text: string): JsonPath {
  const path = text.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '')
  const steps: Step[] = []
  for (let at = 0; at < path.length; ) {
    const { step, length } = readStep(path, at, text)
    if (step !== undefined) steps.push(step)
    at += length
  }
  return (object) => steps.reduce((values, step) => values.flatMap(step), [object])
}

function readStep(path: string, at: number, text: string): { step: Step | undefined; length: number } {
  // ".", alone or in front of brackets, is the value itself.
  if (path[at] === '.' && (at + 1 === path.length || path[at + 1] === '[')) return { step: undefined, length: 1 }
  NAME.lastIndex = at
  const name = NAME.exec(path)
  if (name !== null) {
    const step = name[1] === '*' ? children : field(unescapeText(name[1] as string))
    return { step, length: name[0].length }
  }
  BRACKETS.lastIndex = at
  const brackets = BRACKETS.exec(path)
  if (brackets === null) throw new Error(`JSONPath "${text}" cannot be read from "${path.slice(at)}" on`)
  const [whole, all, index, single, double, condition] = brackets
  const length = whole.length
  if (all !== undefined) return { step: children, length }
  if (index !== undefined) return { step: element(Number(index)), length }
  if (condition !== undefined) return { step: filter(condition, text), length }
  return { step: field(unescapeText(single ?? double ?? '')), length }
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isJsonMap(value) ? Object.values(value) : []
}

function field(name: string): Step {
  return (value) => {
    const child = isJsonMap(value) ? getOwn(value, name) : undefined
    return child === undefined ? [] : [child]
  }
}

/** Negative indexes count from the end. */
function element(index: number): Step {
  return (value) => {
    const item: unknown = Array.isArray(value) ? value.at(index) : undefined
    return item === undefined ? [] : [item]
  }
}

function filter(condition: string, text: string): Step {
  const [, path, operator, literal] = CONDITION.exec(condition.trim()) ?? []
  if (path === undefined) throw new Error(`JSONPath "${text}" has a condition that cannot be read: "${condition}"`)
  const find = compileJsonPath(path)
  const wanted = literal === undefined ? undefined : readLiteral(literal.trim(), text)
  return (value) =>
    children(value).filter((child) => {
      const [found] = find(child)
      return operator === undefined ? found !== undefined : found !== undefined && compares(found, operator, wanted)
    })
}

function compares(found: unknown, operator: string, wanted: unknown): boolean {
  if (operator === '==') return found === wanted
  if (operator === '!=') return found !== wanted
  if (typeof found !== typeof wanted || (typeof found !== 'number' && typeof found !== 'string')) return false
  const than = wanted as typeof found
  if (operator === '<') return found < than
  if (operator === '<=') return found <= than
  return operator === '>' ? found > than : found >= than
}

function readLiteral(literal: string, text: string): unknown {
  const quoted = /^(?:'(.*)'|"(.*)")$/s.exec(literal)
  if (quoted !== null) return unescapeText(quoted[1] ?? quoted[2] ?? '')
  if (literal === 'true' || literal === 'false') return literal === 'true'
  const number = Number(literal)
  if (literal === '' || Number.isNaN(number))
    throw new Error(`JSONPath "${text}" compares with "${literal}", which is no value`)
  return number
}

function unescapeText(text: string): string {
  return text.replace(/\\(.)/gs, '$1')
}
