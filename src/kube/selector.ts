import { labelValueFaults, qualifiedNameFaults } from './name-rules.ts'
import { type SelectorToken, selectorTokens } from './selector-tokens.ts'
import { badRequest } from './status-errors.ts'

/** One condition on the labels of an object. */
export type LabelRequirement =
  | { readonly operator: 'exists' | 'does not exist'; readonly key: string }
  | { readonly operator: 'in' | 'not in'; readonly key: string; readonly values: ReadonlySet<string> }
  | { readonly operator: 'greater' | 'less'; readonly key: string; readonly than: number }

/** All of its requirements must hold; the empty selector selects everything. */
export type LabelSelector = readonly LabelRequirement[]

/**
 * Reads `-l`: `team=books`, `team!=books`, `tier in (web, db)`, `tier notin (db)`, `team`, `!team`, `size>3`, joined by commas.
 * Throws a StatusError (BadRequest) with Kubernetes's sentence.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = new TokenReader(selectorTokens(text))
  const requirements: LabelRequirement[] = []
  if (tokens.next.kind === 'end') return requirements
  for (;;) {
    const { kind, text: found } = tokens.next
    if (kind !== 'identifier' && found !== '!') {
      throw badRequest(
        requirements.length === 0
          ? `found '${found}', expected: !, identifier, or 'end of string'`
          : `found '${found}', expected: identifier after ','`,
      )
    }
    requirements.push(parseRequirement(tokens))
    const separator = tokens.take()
    if (separator.kind === 'end') return requirements
    if (separator.text !== ',') throw badRequest(`found '${separator.text}', expected: ',' or 'end of string'`)
  }
}

/** Whether an object with these labels is selected. A label that is absent is not in any set, so `!=` and `notin` select it. */
export function matchesLabels(
  selector: LabelSelector,
  labels: Readonly<Record<string, unknown>> | undefined = {},
): boolean {
  return selector.every((requirement) => {
    const { key } = requirement
    return holds(requirement, Object.hasOwn(labels, key) ? String(labels[key]) : undefined)
  })
}

function holds(requirement: LabelRequirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case 'exists':
      return value !== undefined
    case 'does not exist':
      return value === undefined
    case 'in':
      return value !== undefined && requirement.values.has(value)
    case 'not in':
      return value === undefined || !requirement.values.has(value)
    case 'greater':
      return isInteger(value) && Number(value) > requirement.than
    case 'less':
      return isInteger(value) && Number(value) < requirement.than
  }
}

/** One condition on a field of an object, as text. */
export interface FieldRequirement {
  /** A dotted path, such as `metadata.name`. */
  readonly field: string
  readonly equals: boolean
  readonly value: string
}

export type FieldSelector = readonly FieldRequirement[]

/** The fields that every kind can be selected by. */
export const METADATA_FIELDS = ['metadata.name', 'metadata.namespace'] as const

/**
 * Reads `--field-selector`: `metadata.name=a,involvedObject.kind!=Pod`; a backslash stands before a comma, equals sign or backslash of a value.
 * Fields are those of `allowed`. Throws a StatusError (BadRequest) with Kubernetes's sentence.
 */
export function parseFieldSelector(text: string, allowed: readonly string[] = METADATA_FIELDS): FieldSelector {
  const terms = text.match(/(?:\\.?|[^,\\])+/gs) ?? []
  return terms.map((term) => {
    const [, field, operator, value] = /^((?:\\.|[^=!\\])*?)(!=|==|=)(.*)$/s.exec(term) ?? []
    if (field === undefined || operator === undefined || value === undefined) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    }
    if (!allowed.includes(field)) throw badRequest(`field label not supported: ${field}`)
    return { field, equals: operator !== '!=', value: unescapeValue(value) }
  })
}

/** Whether an object is selected; a field that it does not have is the empty text. */
export function matchesFields(selector: FieldSelector, object: unknown): boolean {
  return selector.every(({ field, equals, value }) => (fieldText(object, field) === value) === equals)
}

class TokenReader {
  readonly #tokens: readonly SelectorToken[]
  #at = 0

  constructor(tokens: readonly SelectorToken[]) {
    this.#tokens = tokens
  }

  get next(): SelectorToken {
    return this.#tokens[this.#at] as SelectorToken
  }

  /** The end is taken again and again. */
  take(): SelectorToken {
    const token = this.next
    if (token.kind !== 'end') this.#at++
    return token
  }
}

const OPERATORS = 'in, notin, =, ==, !=, gt, lt'

function parseRequirement(tokens: TokenReader): LabelRequirement {
  const negated = tokens.next.text === '!'
  if (negated) tokens.take()
  const { kind, text: key } = tokens.take()
  if (kind !== 'identifier') throw unparsable(`found '${key}', expected: identifier`)
  const wrong = qualifiedNameFaults(key)
  if (wrong.length > 0) throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`)
  if (negated) return { operator: 'does not exist', key }
  if (tokens.next.kind === 'end' || tokens.next.text === ',') return { operator: 'exists', key }
  const operator = tokens.take().text
  switch (operator) {
    case 'in':
    case 'notin':
      return { operator: operator === 'in' ? 'in' : 'not in', key, values: checked(key, parseValues(tokens)) }
    case '=':
    case '==':
    case '!=':
      return { operator: operator === '!=' ? 'not in' : 'in', key, values: checked(key, [parseValue(tokens)]) }
    case '>':
    case '<': {
      const value = parseValue(tokens)
      if (!isInteger(value)) {
        throw unparsable(
          `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
        )
      }
      return { operator: operator === '>' ? 'greater' : 'less', key, than: Number(value) }
    }
    default:
      throw unparsable(`found '${operator}', expected: ${OPERATORS}`)
  }
}

function parseValue(tokens: TokenReader): string {
  if (tokens.next.kind === 'end' || tokens.next.text === ',') return ''
  const { kind, text } = tokens.take()
  if (kind !== 'identifier') throw unparsable(`found '${text}', expected: identifier`)
  return text
}

/** `(a, b)`; nothing between commas or brackets is the empty value. */
function parseValues(tokens: TokenReader): readonly string[] {
  const open = tokens.take()
  if (open.text !== '(') throw unparsable(`found '${open.text}' expected: '('`)
  const values: string[] = []
  for (;;) {
    const isValue = tokens.next.kind === 'identifier'
    values.push(isValue ? tokens.take().text : '')
    const { text } = tokens.take()
    if (text === ')') return values
    if (text !== ',') {
      throw unparsable(`found '${text}', expected: ${isValue ? "',' or ')'" : "',', ')' or identifier"}`)
    }
  }
}

function checked(key: string, values: readonly string[]): ReadonlySet<string> {
  const distinct = new Set(values)
  for (const [index, value] of [...distinct].sort().entries()) {
    const wrong = labelValueFaults(value)
    if (wrong.length > 0) {
      throw unparsable(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`)
    }
  }
  return distinct
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^[-+]?[0-9]{1,18}$/.test(text)
}

function unparsable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`)
}

function unescapeValue(value: string): string {
  return value.replace(/\\(.?)|=/gs, (found, escaped: string | undefined) => {
    if (escaped === undefined) throw badRequest(`invalid field selector: unescaped character in value: ${found}`)
    if (!['\\', ',', '='].includes(escaped)) {
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`)
    }
    return escaped
  })
}

function fieldText(object: unknown, field: string): string {
  let value = object
  for (const name of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return ''
    value = (value as Record<string, unknown>)[name]
  }
  return value === undefined || value === null ? '' : String(value)
}
