import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import type { FieldPath } from './field-path.ts'

/** What the reader refuses in one document. */
export interface ReadFault {
  readonly path: FieldPath
  readonly text: string
  readonly offset: number
}

/** Turns one document's nodes into plain JSON data, within bounds: aliases are expanded here, and counted. */
export class YamlReader {
  readonly faults: ReadFault[] = []
  /** Which node each alias stands for. */
  readonly aliased = new Map<Node, Node>()
  readonly #anchors = new Map<string, Node>()
  readonly #maxDepth: number
  #valuesLeft: number

  constructor(limits: { readonly depth: number; readonly values: number }) {
    this.#maxDepth = limits.depth
    this.#valuesLeft = limits.values
  }

  read(root: Node): unknown {
    return this.#value(root, [])
  }

  #value(node: Node | null, path: (string | number)[]): unknown {
    if (node === null) return null
    if (this.#valuesLeft-- <= 0) {
      if (this.#valuesLeft === -1) this.#refuse(node, path, 'too many values: aliases expand without end')
      return null
    }
    if (path.length > this.#maxDepth) return this.#refuse(node, path, `nested deeper than ${this.#maxDepth} levels`)
    if (isAlias(node)) return this.#alias(node, node.source, path)
    const anchor = (node as { anchor?: string }).anchor
    if (anchor !== undefined) this.#anchors.set(anchor, node)
    if (isMap(node)) return this.#map(node, path)
    if (isSeq(node)) return node.items.map((item, index) => this.#child(item as Node | null, path, index))
    if (isScalar(node)) return this.#scalar(node.value, node, path)
    return this.#refuse(node, path, 'not a value')
  }

  #child(node: Node | null, path: (string | number)[], step: string | number): unknown {
    path.push(step)
    const value = this.#value(node, path)
    path.pop()
    return value
  }

  #alias(node: Node, name: string, path: (string | number)[]): unknown {
    const target = this.#anchors.get(name)
    if (target === undefined) return this.#refuse(node, path, `alias *${name} has no anchor before it`)
    this.aliased.set(node, target)
    return this.#value(target, path)
  }

  #scalar(value: unknown, node: Node, path: (string | number)[]): unknown {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return this.#refuse(node, path, 'infinity and not-a-number are not JSON')
    }
    return value
  }

  #map(map: YAMLMap, path: (string | number)[]): unknown {
    const entries = new Map<string, unknown>()
    const merged: unknown[] = []
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (isMergeKey(pair.key)) {
        merged.push(this.#child(pair.value, path, '<<'))
        continue
      }
      const name = this.#name(pair.key, path)
      if (name === undefined) continue
      if (entries.has(name)) this.#refuse(pair.key, [...path, name], `key ${JSON.stringify(name)} is already set`)
      entries.set(name, this.#child(pair.value, path, name))
    }
    for (const source of merged) this.#merge(source, entries, map, path)
    return toObject(entries)
  }

  #name(key: Node, path: FieldPath): string | undefined {
    const node = isAlias(key) ? this.#anchors.get(key.source) : key
    if (isScalar(node) && node.value !== null && typeof node.value !== 'object') return String(node.value)
    this.#refuse(key, path, 'a key must be a string')
    return undefined
  }

  /** `<<: *defaults`: keys of the merged maps count where the map has none of its own. */
  #merge(source: unknown, entries: Map<string, unknown>, map: Node, path: FieldPath): void {
    for (const one of Array.isArray(source) ? source : [source]) {
      if (typeof one !== 'object' || one === null || Array.isArray(one)) {
        this.#refuse(map, path, 'only maps can be merged with <<')
        return
      }
      for (const [name, value] of Object.entries(one)) if (!entries.has(name)) entries.set(name, value)
    }
  }

  #refuse(node: Node, path: FieldPath, text: string): null {
    this.faults.push({ path: [...path], text, offset: node.range?.[0] ?? 0 })
    return null
  }
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

/** An object whose keys are all its own: "__proto__" is a key like any other. */
function toObject(entries: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return object
}
