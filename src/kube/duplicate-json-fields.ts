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

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]/gs

/**
 * The paths of fields that a JSON text gives twice, in the order of the text, as Kubernetes writes them: `duplicate field "spec.ports[0].name"`.
 * JSON.parse lets the last one win without a word. The text must be JSON; it is walked with a stack of its own.
 */
export function duplicateJsonFields(text: string): readonly string[] {
  const duplicates = new Set<string>()
  const stack: Container[] = []
  for (const { 0: token } of text.matchAll(TOKEN)) {
    const top = stack.at(-1)
    if (token === '{' || token === '[') {
      stack.push(opened(token === '[', top?.child ?? ''))
    } else if (token === '}' || token === ']') {
      stack.pop()
    } else if (top === undefined) {
    } else if (token === ',') {
      advance(top)
    } else if (token !== ':' && top.expectsName) {
      takeName(top, JSON.parse(token) as string, duplicates)
      if (duplicates.size >= MAX_DUPLICATES) break
    }
  }
  return [...duplicates]
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
