import { jsonStringEnd } from './json-string-end.ts'
import { childField } from './schema-validation.ts'

interface Container {
  readonly isList: boolean
  readonly field: string
  readonly names: Set<string>
  /** The path of the value that is being read. */
  child: string
  index: number
  /** In a map: whether the next string is a name. */
  expectsName: boolean
}

/** More than these help nobody. */
const MAX_DUPLICATES = 100

const [QUOTE, COMMA] = [0x22, 0x2c]
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * The paths of fields that a JSON text gives twice, in the order of the text, as Kubernetes writes them: `duplicate field "spec.ports[0].name"`.
 * JSON.parse lets the last one win without a word. The text must be JSON; it is walked with a stack of its own.
 */
export function duplicateJsonFields(text: string): readonly string[] {
  const duplicates = new Set<string>()
  const stack: Container[] = []
  // Every body is read here: unit by unit, which takes a third of the time that matches of an expression take.
  for (let at = 0; at < text.length && duplicates.size < MAX_DUPLICATES; at++) {
    const unit = text.charCodeAt(at)
    const top = stack.at(-1)
    if (unit === QUOTE) {
      const end = jsonStringEnd(text, at)
      if (top?.expectsName) takeName(top, nameIn(text.slice(at, end + 1)), duplicates)
      at = end
    } else if (unit === OPEN_MAP || unit === OPEN_LIST) {
      stack.push(opened(unit === OPEN_LIST, top?.child ?? ''))
    } else if (unit === CLOSE_MAP || unit === CLOSE_LIST) {
      stack.pop()
    } else if (unit === COMMA && top !== undefined) {
      advance(top)
    }
  }
  return [...duplicates]
}

/** The name that a string of JSON is. */
function nameIn(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}

function opened(isList: boolean, field: string): Container {
  return { isList, field, names: new Set(), child: isList ? `${field}[0]` : field, index: 0, expectsName: !isList }
}

function advance(container: Container): void {
  if (container.isList) container.child = `${container.field}[${++container.index}]`
  else container.expectsName = true
}

function takeName(container: Container, name: string, duplicates: Set<string>): void {
  container.expectsName = false
  container.child = childField(container.field, name)
  if (container.names.has(name)) duplicates.add(container.child)
  container.names.add(name)
}
