import type { FieldPath } from './field-path.ts'
import { formatPath } from './field-path.ts'
import type { Finding, Message, Position } from './message.ts'
import { readYaml, type TextFault, type YamlDocument } from './yaml-document.ts'

/** One object as a file gives it: of any kind, not yet checked. */
export interface Manifest {
  readonly file: string
  readonly apiVersion: string
  readonly kind: string
  /** The whole object as plain JSON data. */
  readonly value: Readonly<Record<string, unknown>>
  /** The document that holds it: the same for all objects of one list. */
  readonly document: object
  /** The text of that document. */
  readonly source: string
  locate(path: FieldPath): Position
}

/** What a text holds: the objects that can be told apart, and everything that is wrong with the rest. */
export interface ManifestFile {
  readonly file: string
  readonly manifests: readonly Manifest[]
  readonly messages: readonly Message[]
}

/** More messages than this help nobody; the last one says how many were left out. */
const MAX_MESSAGES = 200

/** Reads the objects of a YAML (several documents) or JSON text; `kind: List` is taken apart. Never throws. */
export function parseManifests(file: string, text: string): ManifestFile {
  const read = readYaml(text)
  if (read.kind === 'refused') return { file, manifests: [], messages: [inFile(file, read.fault)] }
  const manifests: Manifest[] = []
  const messages: Message[] = []
  for (const document of read.documents) {
    for (const fault of document.faults) messages.push(inFile(file, fault))
    if (document.faults.length === 0) collect(file, document, document.value, [], manifests, messages)
  }
  if (manifests.length === 0 && messages.length === 0) {
    messages.push({ level: 'warning', file, line: 1, column: 1, path: '', text: 'the file holds no objects' })
  }
  return { file, manifests, messages: capped(messages) }
}

/** A finding about a manifest, with its place in the file. */
export function messageAbout(manifest: Manifest, finding: Finding): Message {
  const { level, text, path } = finding
  return { level, file: manifest.file, ...manifest.locate(path), path: formatPath(path), text }
}

function collect(
  file: string,
  document: YamlDocument,
  value: unknown,
  base: FieldPath,
  manifests: Manifest[],
  messages: Message[],
): void {
  if (value === undefined || (value === null && base.length === 0)) return
  const complain = (path: FieldPath, text: string) =>
    messages.push({
      level: 'error',
      file,
      ...document.locate([...base, ...path]),
      path: formatPath([...base, ...path]),
      text,
    })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    complain([], `a Kubernetes object must be a map with apiVersion and kind, not ${describe(value)}`)
    return
  }
  const object = value as Record<string, unknown>
  const { apiVersion, kind } = object
  if (typeof apiVersion !== 'string' || apiVersion === '') complain(['apiVersion'], required('apiVersion', apiVersion))
  if (typeof kind !== 'string' || kind === '') complain(['kind'], required('kind', kind))
  if (typeof apiVersion !== 'string' || apiVersion === '' || typeof kind !== 'string' || kind === '') return
  if (isList(object, kind)) {
    for (const [index, item] of object.items.entries()) {
      collect(file, document, item, [...base, 'items', index], manifests, messages)
    }
    return
  }
  const locate = (path: FieldPath) => document.locate([...base, ...path])
  manifests.push({ file, apiVersion, kind, value: object, document, source: document.source, locate })
}

function isList(object: Record<string, unknown>, kind: string): object is { items: unknown[] } {
  return kind.endsWith('List') && Array.isArray(object.items)
}

function required(field: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return `Required value: the object has no ${field}`
  return `must be a string, not ${describe(value)}`
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a map' : JSON.stringify(value)
}

function inFile(file: string, fault: TextFault): Message {
  const { level, text, line, column } = fault
  return { level, file, line, column, path: formatPath(fault.path), text }
}

function capped(messages: readonly Message[]): readonly Message[] {
  const last = messages[MAX_MESSAGES]
  if (last === undefined) return messages
  const rest = messages.length - MAX_MESSAGES
  return [...messages.slice(0, MAX_MESSAGES), { ...last, path: '', text: `and ${rest} more errors` }]
}
