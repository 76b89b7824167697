import { copyMap, equalJson, isJsonMap, type JsonMap, setOwn } from '#kube/json-value.ts'
import { StatusError } from '#kube/status.ts'
import { badRequest, tooLarge } from '#kube/status-errors.ts'
import { childAt, listIndex, parseJsonPointer } from './json-pointer.ts'

const MAX_OPERATIONS = 10_000
/** Copies of copies grow without end: this many values may be copied in one patch, and this many characters, as in Kubernetes. */
const MAX_COPIED_VALUES = 100_000
const MAX_COPIED_CHARACTERS = 3 << 20

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string }

/** What one patch may still copy, and the containers that it made itself: nobody else sees them, so that they are changed in place. */
interface Work {
  valuesLeft: number
  charactersLeft: number
  readonly own: Set<unknown>
}

/**
 * Applies a JSON patch (RFC 6902) to a value, which stays as it is. Throws a StatusError: BadRequest for what is no patch,
 * RequestEntityTooLarge above 10,000 operations, Invalid when an operation does not apply; then nothing is applied.
 */
export function applyJsonPatch(value: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations')
  if (patch.length > MAX_OPERATIONS) {
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`)
  }
  const operations = patch.map(readOperation)
  const work = { valuesLeft: MAX_COPIED_VALUES, charactersLeft: MAX_COPIED_CHARACTERS, own: new Set() }
  return operations.reduce((document, operation) => applyOperation(document, operation, work), value)
}

function readOperation(given: unknown, index: number): Operation {
  if (!isJsonMap(given)) throw badRequest(`operation ${index} of the JSON patch must be a map`)
  const { op, path, from } = given
  if (typeof path !== 'string') throw badRequest(`operation ${index} of the JSON patch has no path`)
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      if (!Object.hasOwn(given, 'value')) throw badRequest(`operation ${index} of the JSON patch has no value`)
      return { op, path, value: given.value }
    case 'remove':
      return { op, path }
    case 'move':
    case 'copy':
      if (typeof from !== 'string') throw badRequest(`operation ${index} of the JSON patch has no from`)
      return { op, path, from }
    default:
      throw rejected(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
  }
}

function applyOperation(document: unknown, operation: Operation, work: Work): unknown {
  const { op, path } = operation
  switch (op) {
    case 'add':
      return insert(document, path, operation.value, op, work)
    case 'remove':
      return remove(document, path, op, work)
    case 'replace':
      return replace(document, path, operation.value, work)
    case 'test':
      return test(document, path, operation.value)
    case 'copy':
    case 'move': {
      const found = find(document, operation.from)
      if (found === undefined) {
        throw rejected(`${op} operation does not apply: doc is missing from path: ${operation.from}: missing value`)
      }
      if (op === 'copy') {
        spend(found.value, work)
        return insert(document, path, found.value, op, work)
      }
      if (operation.from === path) return document
      if (path.startsWith(`${operation.from}/`)) {
        throw rejected(`move operation does not apply: "${operation.from}" cannot move below itself`)
      }
      return insert(remove(document, operation.from, op, work), path, found.value, op, work)
    }
  }
}

function insert(document: unknown, path: string, value: unknown, op: string, work: Work): unknown {
  const put = (container: readonly unknown[] | JsonMap, step: string) => {
    if (!Array.isArray(container)) return withChild(container, step, value, work)
    const index = step === '-' ? container.length : listIndex(step, container.length + 1)
    if (index === undefined) throw rejected(`error in ${op} for path: '${path}': ${noIndex(step)}`)
    const list = ownList(container, work)
    list.splice(index, 0, value)
    return list
  }
  return edit(document, steps(path, op), { op, path }, put, work, value)
}

/** A field of a map need not be there, as in Kubernetes and unlike in the RFC: what works there works here. */
function replace(document: unknown, path: string, value: unknown, work: Work): unknown {
  const put = (container: readonly unknown[] | JsonMap, step: string) => {
    if (Array.isArray(container) && childAt(container, step) === undefined) {
      throw rejected(`replace operation does not apply: doc is missing key: ${path}: missing value`)
    }
    return withChild(container, step, value, work)
  }
  return edit(document, steps(path, 'replace'), { op: 'replace', path }, put, work, value)
}

/** A test for null holds where a map has no such field, as in Kubernetes. */
function test(document: unknown, path: string, wanted: unknown): unknown {
  const found = find(document, path)
  const parent = find(document, path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  if (parent === undefined) throw rejected(`test operation does not apply: is missing path: ${path}: missing value`)
  const holds = found === undefined ? wanted === null && isJsonMap(parent.value) : equalJson(found.value, wanted)
  if (!holds) throw rejected(`testing value ${path} failed: test failed`)
  return document
}

/** Without what stands at `path`; without all of it, null stays. */
function remove(document: unknown, path: string, op: string, work: Work): unknown {
  const take = (container: readonly unknown[] | JsonMap, step: string) => {
    if (childAt(container, step) === undefined) {
      const why = Array.isArray(container) ? noIndex(step) : `Unable to remove nonexistent key: ${step}: missing value`
      throw rejected(`error in ${op} for path: '${path}': ${why}`)
    }
    if (Array.isArray(container)) {
      const list = ownList(container, work)
      list.splice(listIndex(step, list.length) as number, 1)
      return list
    }
    const map = ownMap(container as JsonMap, work)
    delete map[step]
    return map
  }
  return edit(document, steps(path, op), { op, path }, take, work)
}

/** The document with the container of the last step changed; the containers above it are copied once. An empty path is the whole document. */
function edit(
  document: unknown,
  path: readonly string[],
  whole: { readonly op: string; readonly path: string },
  change: (container: readonly unknown[] | JsonMap, step: string) => unknown,
  work: Work,
  root: unknown = null,
): unknown {
  const [step, ...rest] = path
  if (step === undefined) return root
  if (!Array.isArray(document) && !isJsonMap(document)) throw missingPath(whole.op, whole.path)
  if (rest.length === 0) return change(document, step)
  const child = childAt(document, step)
  if (child === undefined) throw missingPath(whole.op, whole.path)
  return withChild(document, step, edit(child.value, rest, whole, change, work), work)
}

function withChild(container: readonly unknown[] | JsonMap, step: string, value: unknown, work: Work): unknown {
  if (Array.isArray(container)) {
    const list = ownList(container, work)
    list[listIndex(step, list.length) as number] = value
    return list
  }
  const map = ownMap(container as JsonMap, work)
  setOwn(map, step, value)
  return map
}

function ownList(list: readonly unknown[], { own }: Work): unknown[] {
  if (own.has(list)) return list as unknown[]
  const copy = [...list]
  own.add(copy)
  return copy
}

function ownMap(map: JsonMap, { own }: Work): Record<string, unknown> {
  if (own.has(map)) return map
  const copy = copyMap(map)
  own.add(copy)
  return copy
}

function find(document: unknown, path: string): { readonly value: unknown } | undefined {
  let found: { readonly value: unknown } | undefined = { value: document }
  for (const step of parseJsonPointer(path) ?? ['']) {
    found = childAt(found.value, step)
    if (found === undefined) return undefined
  }
  return found
}

function steps(path: string, op: string): readonly string[] {
  const parsed = parseJsonPointer(path)
  if (parsed === undefined) throw missingPath(op, path)
  return parsed
}

/** What is copied stands at two places from then on: it is nobody's own any more. */
function spend(value: unknown, work: Work): void {
  if (typeof value === 'string') work.charactersLeft -= value.length
  if (--work.valuesLeft < 0 || work.charactersLeft < 0) {
    throw tooLarge('the copy operations of a JSON patch copy too much')
  }
  work.own.delete(value)
  if (Array.isArray(value)) for (const item of value) spend(item, work)
  else if (isJsonMap(value)) {
    for (const [name, item] of Object.entries(value)) {
      work.charactersLeft -= name.length
      spend(item, work)
    }
  }
}

function missingPath(op: string, path: string): StatusError {
  return rejected(`${op} operation does not apply: doc is missing path: "${path}": missing value`)
}

function noIndex(step: string): string {
  return `Unable to access invalid index: ${step}: invalid index referenced`
}

/** Kubernetes says the first half and keeps the reason to itself. */
function rejected(why: string): StatusError {
  return new StatusError('Invalid', `the server rejected our request due to an error in our request: ${why}`, {})
}
