import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Parser } from 'yaml'
import { camelCase, type FieldPath } from './field-path.ts'
import type { Finding, Position } from './message.ts'
import { nestsDeeperThan } from './yaml-depth.ts'
import { MAYBE_NUMBER, numberOrText } from './yaml-number.ts'
import { YamlReader } from './yaml-reader.ts'

/** Bounds on one text: what is larger is refused, not read. */
export const YAML_LIMITS = { bytes: 10_000_000, depth: 100, values: 1_000_000, documents: 10_000 } as const

/** A fault of the text itself, with its place. */
export interface TextFault extends Position, Finding {}

/** One document of a YAML or JSON text. */
export interface YamlDocument {
  /** Plain JSON data; undefined for an empty document. */
  readonly value: unknown
  readonly faults: readonly TextFault[]
  /** The document's own text: comments and the `---` before it included. */
  readonly source: string
  /** The place of a field; of the nearest enclosing one where the path leads nowhere. */
  locate(path: FieldPath): Position
}

/** Either the documents of a text, or why it cannot be read at all. */
export type YamlText =
  | { readonly kind: 'documents'; readonly documents: readonly YamlDocument[] }
  | { readonly kind: 'refused'; readonly fault: TextFault }

/**
 * Reads YAML as kubectl does. kubectl goes through sigs.k8s.io/yaml, which follows YAML 1.1: `yes`, `no`, `on`, `off`, `y` and `n`
 * are booleans and 0777 is octal, so `name: on` is a type error there and must be one here, or a file would pass here and fail
 * on the cluster. Three exceptions, also kubectl's: timestamps stay strings, `1:30` is no base-60 number, and there are no sets,
 * ordered maps or binary values. JSON is a subset of YAML. Never throws.
 */
export function readYaml(text: string): YamlText {
  if (text.length > YAML_LIMITS.bytes) return refused(`larger than ${YAML_LIMITS.bytes} bytes`)
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const deep = nestsDeeperThan(tokens, YAML_LIMITS.depth)
  if (deep !== undefined) return refused(`nested deeper than ${YAML_LIMITS.depth} levels`, at(deep))
  const documents: YamlDocument[] = []
  let begin = 0
  for (const document of new Composer(COMPOSER_OPTIONS).compose(tokens)) {
    if (documents.length === YAML_LIMITS.documents) return refused(`more than ${YAML_LIMITS.documents} documents`)
    const end = document.range[2]
    documents.push(openDocument(document, text.slice(begin, end), at))
    begin = end
  }
  return { kind: 'documents', documents }
}

const DROPPED_TAGS = ['merge', 'timestamp', 'binary', 'set', 'omap', 'pairs', 'int', 'float']

/** Numbers as Go reads them; `!!int` and `!!float` in front of a scalar ask for them too. */
const NUMBER_TAGS = ['int', 'float'].map((name) => ({
  tag: `tag:yaml.org,2002:${name}`,
  default: true,
  test: MAYBE_NUMBER,
  resolve: numberOrText,
}))

const COMPOSER_OPTIONS = {
  version: '1.1',
  // Duplicate keys are found by the reader, in linear time.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
  resolveKnownTags: false,
  customTags: (tags: readonly unknown[]) => [
    ...(tags as readonly { tag: string }[]).filter(
      ({ tag }) => !DROPPED_TAGS.includes(tag.slice(tag.lastIndexOf(':') + 1)),
    ),
    ...NUMBER_TAGS,
  ],
} as never

function refused(why: string, position: Position = { line: 1, column: 1 }): YamlText {
  return { kind: 'refused', fault: { level: 'error', path: [], text: `the file is ${why}`, ...position } }
}

function openDocument(document: Document.Parsed, source: string, at: (offset: number) => Position): YamlDocument {
  const faults: TextFault[] = []
  // What the parser stumbles over after its first error is mostly the same error again.
  const broken = document.errors[0]
  if (broken !== undefined) {
    faults.push({ level: 'error', path: [], text: `broken YAML: ${lowerFirst(broken.message)}`, ...at(broken.pos[0]) })
  }
  const reader = new YamlReader(YAML_LIMITS)
  const root = document.contents as Node | null
  const value = faults.length > 0 || root === null ? undefined : reader.read(root)
  for (const fault of reader.faults) {
    faults.push({ level: 'error', path: fault.path, text: fault.text, ...at(fault.offset) })
  }
  return {
    value: faults.length > 0 ? undefined : value,
    faults,
    source,
    locate: (path) => at(offsetOf(root, path, reader.aliased) ?? document.range[0]),
  }
}

/** The offset of the deepest node that `path` reaches: of a scalar itself, of the key in front of a list or map. */
function offsetOf(root: Node | null, path: FieldPath, aliased: ReadonlyMap<Node, Node>): number | undefined {
  let node: Node | undefined = root ?? undefined
  let offset = node?.range?.[0]
  for (const step of path) {
    if (isAlias(node)) node = aliased.get(node)
    const child = childOf(node, step)
    if (child === undefined) return offset
    node = child.value ?? undefined
    offset = (isScalar(node) && node.range?.[0]) || child.key?.range?.[0] || node?.range?.[0] || offset
  }
  return offset
}

function childOf(node: Node | undefined, step: string | number): { key?: Node; value?: Node | null } | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const value = node.items[step] as Node | undefined
    return value === undefined ? undefined : { value }
  }
  if (!isMap(node)) return undefined
  for (const pair of node.items) {
    const key = pair.key as Node
    const name = isScalar(key) ? String(key.value) : undefined
    if (name === step || (name !== undefined && camelCase(name) === step))
      return { key, value: pair.value as Node | null }
  }
  return undefined
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
