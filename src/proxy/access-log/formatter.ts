import type { AccessLogConfig, JsonLogFields, JsonLogValue } from '#proxy/config/model.ts'
import type { StreamInfo } from '#proxy/connection/stream-info.ts'
import { escapeText, quoteJson, textOfBytes } from './escape.ts'
import { LineBytes } from './line-bytes.ts'
import { type LogContext, type LogValue, type ReadValue, resolveOperator } from './operators.ts'

/** Makes one line, newline included; it is lent until the next one. */
export type FormatLine = (info: StreamInfo) => LineBytes

/** Envoy's own format, for a file access log that names none (spec 5.1). */
export const ENVOY_DEFAULT_TEXT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n'

/** A format that is ready to write lines, or every reason why it is not (for the NACK). */
export type CompiledFormat =
  | {
      readonly format: FormatLine
      /** Names of operators in it that are never more than "-" here. */
      readonly neverKnown: ReadonlySet<string>
    }
  | { readonly faults: readonly string[] }

/** What is found while a format is taken apart. */
interface Findings {
  readonly faults: string[]
  readonly neverKnown: Set<string>
}

/** Compiles a text template or JSON fields (spec 5.1; Envoy's access log operators). Pure. */
export function compileFormat(format: AccessLogConfig['format'], context: LogContext): CompiledFormat {
  const found: Findings = { faults: [], neverKnown: new Set() }
  const line =
    format.kind === 'text' ? textLine(format.template, context, found) : jsonLine(format.fields, context, found)
  const { faults, neverKnown } = found
  return faults.length > 0 ? { faults } : { format: line, neverKnown }
}

/** A template taken apart: literals[0] operators[0] literals[1] ... operators[n-1] literals[n]. */
interface Template {
  readonly literals: readonly string[]
  readonly operators: readonly Operator[]
}

interface Operator {
  readonly read: ReadValue
  /** The value may hold what forges a line: see escape.ts. */
  readonly escapes: boolean
  /** A string's characters are bytes: see escape.ts. */
  readonly bytes: boolean
}

const OPERATOR = /%(?:%|([A-Z0-9_]+)(?:\((.*?)\))?(?::(\d+))?%)/y

function parseTemplate(template: string, context: LogContext, { faults, neverKnown }: Findings): Template {
  const literals: string[] = []
  const operators: Operator[] = []
  let literal = ''
  let at = 0
  while (at < template.length) {
    const percent = template.indexOf('%', at)
    if (percent < 0) break
    literal += template.slice(at, percent)
    OPERATOR.lastIndex = percent
    const match = OPERATOR.exec(template)
    if (match === null) {
      faults.push(
        `no operator at "${template.slice(percent, percent + 24).trimEnd()}": write %NAME%, %NAME(ARGUMENT)% or %% for a percent sign`,
      )
      return { literals: [''], operators: [] }
    }
    at = OPERATOR.lastIndex
    const [, name, argument, length] = match
    if (name === undefined) {
      literal += '%'
      continue
    }
    const resolved = resolveOperator(name, argument, context)
    if ('fault' in resolved) {
      faults.push(resolved.fault)
      continue
    }
    if (resolved.neverKnown === true) neverKnown.add(name)
    literals.push(literal)
    literal = ''
    const operator = { read: resolved.read, escapes: resolved.own !== true, bytes: resolved.bytes === true }
    operators.push(length === undefined ? operator : shortened(operator, Number(length)))
  }
  literals.push(literal + template.slice(at))
  return { literals, operators }
}

function shortened(operator: Operator, length: number): Operator {
  const read: ReadValue = (info) => {
    const value = textOf(operator.read(info), operator)
    return typeof value === 'string' ? value.slice(0, length) : value
  }
  return { read, escapes: operator.escapes, bytes: false }
}

function textOf(value: LogValue, operator: Operator): LogValue {
  return operator.bytes && typeof value === 'string' ? textOfBytes(value) : value
}

function textLine(template: string, context: LogContext, found: Findings): FormatLine {
  const parsed = parseTemplate(template.endsWith('\n') ? template : `${template}\n`, context, found)
  const line = new TextLine(parsed)
  return (info) => line.of(info)
}

/** The line of one format; most values are the same from request to request. */
class TextLine {
  readonly #line = new LineBytes()
  readonly #parts: readonly TextPart[]

  constructor({ literals, operators }: Template) {
    const line = this.#line
    const append = (text: string): number => line.put(line.length, 0, text)
    append(literals[0] as string)
    this.#parts = operators.map((operator, i) => {
      const part = new TextPart(operator, line.length, append(MISSING))
      append(literals[i + 1] as string)
      return part
    })
  }

  of(info: StreamInfo): LineBytes {
    const parts = this.#parts
    for (let i = 0; i < parts.length; i += 1) {
      const part = parts[i] as TextPart
      const value = part.operator.read(info)
      if (value === part.value) continue
      part.value = value
      const size = this.#line.put(part.at, part.size, shown(value, part.operator))
      const moved = size - part.size
      if (moved === 0) continue
      part.size = size
      for (let behind = i + 1; behind < parts.length; behind += 1) (parts[behind] as TextPart).at += moved
    }
    return this.#line
  }
}

/** Where one operator's value stands in the line. */
class TextPart {
  readonly operator: Operator
  at: number
  size: number
  value: LogValue = null

  constructor(operator: Operator, at: number, size: number) {
    this.operator = operator
    this.at = at
    this.size = size
  }
}

const MISSING = '-'

function shown(value: LogValue, operator: Operator): string {
  if (value === null) return MISSING
  if (typeof value === 'number') return String(value)
  const text = operator.bytes ? textOfBytes(value) : value
  return operator.escapes ? escapeText(text) : text
}

/** Appends a JSON value to a line. */
type WriteJson = (info: StreamInfo) => string

function jsonLine(fields: JsonLogFields, context: LogContext, found: Findings): FormatLine {
  const write = objectWriter(fields, '', context, found)
  const line = new LineBytes()
  return (info) => {
    line.put(0, line.length, `${write(info)}\n`)
    return line
  }
}

function objectWriter(fields: JsonLogFields, path: string, context: LogContext, found: Findings): WriteJson {
  const parts = Object.entries(fields).map(([key, value]) => ({
    prefix: `${quoteJson(key)}:`,
    write: anyWriter(value, `${path}${key}`, context, found),
  }))
  return joined('{', parts, '}')
}

/** Templates stand in strings; whatever else is there is written as it is. */
function anyWriter(value: JsonLogValue, path: string, context: LogContext, found: Findings): WriteJson {
  if (typeof value === 'string') {
    const { neverKnown } = found
    const faults: string[] = []
    const write = valueWriter(value, context, { faults, neverKnown })
    found.faults.push(...faults.map((fault) => `field "${path}": ${fault}`))
    return write
  }
  if (isList(value)) {
    const items = value.map((item, i) => ({ prefix: '', write: anyWriter(item, `${path}[${i}]`, context, found) }))
    return joined('[', items, ']')
  }
  if (typeof value === 'object' && value !== null) return objectWriter(value, `${path}.`, context, found)
  const text = JSON.stringify(value)
  return () => text
}

function isList(value: JsonLogValue): value is readonly JsonLogValue[] {
  return Array.isArray(value)
}

function joined(
  opening: string,
  parts: readonly { readonly prefix: string; readonly write: WriteJson }[],
  closing: string,
): WriteJson {
  const prefixes = parts.map(({ prefix }, i) => `${i === 0 ? opening : ','}${prefix}`)
  const writers = parts.map(({ write }) => write)
  if (writers.length === 0) return () => opening + closing
  return (info) => {
    let text = ''
    for (let at = 0; at < writers.length; at += 1) text += prefixes[at] + (writers[at] as WriteJson)(info)
    return text + closing
  }
}

/** A lone operator keeps its type (number, string, null); anything else is a string, with "-" for what is missing. */
function valueWriter(template: string, context: LogContext, found: Findings): WriteJson {
  const { literals, operators } = parseTemplate(template, context, found)
  const [only] = operators
  if (only !== undefined && operators.length === 1 && literals.every((literal) => literal === '')) {
    return (info) => jsonOf(textOf(only.read(info), only))
  }
  return (info) => {
    let text = literals[0] as string
    for (let at = 0; at < operators.length; at += 1) {
      const operator = operators[at] as Operator
      text += `${textOf(operator.read(info), operator) ?? MISSING}${literals[at + 1]}`
    }
    return quoteJson(text)
  }
}

function jsonOf(value: LogValue): string {
  if (value === null) return 'null'
  return typeof value === 'number' ? String(value) : quoteJson(value)
}
