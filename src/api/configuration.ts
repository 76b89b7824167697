import type { Level, Message } from '#kube/message.ts'
import { keyOf } from '#kube/object.ts'
import type { Document, DocumentFile } from './document.ts'
import { decodeKubeObject } from './kube-object.ts'
import type { EgressRule } from './legacy/egress-rule.ts'
import { convertEgressRule, enforceablePart } from './legacy/egress-rule-conversion.ts'
import { type EgressRuleConflict, findConflicts } from './legacy/egress-rule-rules.ts'
import { DEFAULT_MESH_CONFIG, type MeshConfig } from './mesh-config.ts'
import type { Sidecar } from './networking/sidecar.ts'
import { Report } from './schema/report.ts'
import type { ServiceEntry } from './service-entry.ts'
import { checkServiceEntry } from './service-entry-rules.ts'
import { decodeServiceEntrySpec } from './service-entry-schema.ts'

/** Several files taken together: what can be enforced, and every error and warning. */
export interface Configuration {
  readonly meshConfig: MeshConfig
  /** Oldest first: by creationTimestamp, then name, then namespace; without timestamps in the order of the files. */
  readonly serviceEntries: readonly ServiceEntry[]
  readonly sidecars: readonly Sidecar[]
  /** Egress rules that are left out, and why. */
  readonly egressRuleConflicts: ReadonlyMap<EgressRule, EgressRuleConflict>
  /** Of each file and of the files together, in the order of the files and their lines. */
  readonly messages: readonly Message[]
}

export function isValid(messages: readonly Message[]): boolean {
  return !messages.some((message) => message.level === 'error')
}

/**
 * Takes files together: the same object in two places is a message that names both, conflicts between egress rules are warnings, and
 * egress rules are converted to service entries.
 */
export function combine(files: readonly DocumentFile[], duplicates: Level): Configuration {
  const documents = files.flatMap((file) => file.documents)
  const egressRules = documents.filter((document) => document.kind === 'EgressRule')
  const conflicts = findConflicts(egressRules.map((document) => document.object))
  const together = [...duplicatesIn(documents, duplicates), ...conflictMessages(egressRules, conflicts)]
  const entries = documents.flatMap((document) => {
    if (document.kind === 'ServiceEntry') return [document.object]
    if (document.kind !== 'EgressRule' || conflicts.has(document.object)) return []
    return asServiceEntry(document.object)
  })
  const meshConfig = documents.find((document) => document.kind === 'MeshConfig')?.object ?? DEFAULT_MESH_CONFIG
  const order = new Map(files.map(({ file }, index) => [file, index]))
  const messages = [...files.flatMap((file) => file.messages), ...together].sort(
    (a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line,
  )
  const sidecars = documents.flatMap((document) => (document.kind === 'Sidecar' ? [document.object] : []))
  return { meshConfig, serviceEntries: oldestFirst(entries), sidecars, egressRuleConflicts: conflicts, messages }
}

function duplicatesIn(documents: readonly Document[], level: Level): readonly Message[] {
  const first = new Map<string, Document>()
  const messages: Message[] = []
  for (const document of documents) {
    const name =
      document.kind === 'MeshConfig' ? 'the mesh configuration' : `${document.kind} ${keyOf(document.object)}`
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, document)
    else {
      const text = `${name} is already defined at ${earlier.file}:${earlier.position.line}`
      messages.push({ level, file: document.file, ...document.position, path: '', text })
    }
  }
  return messages
}

function conflictMessages(
  documents: readonly (Document & { readonly kind: 'EgressRule' })[],
  conflicts: ReadonlyMap<EgressRule, EgressRuleConflict>,
): readonly Message[] {
  return documents.flatMap(({ object, file, position }) => {
    const conflict = conflicts.get(object)
    if (conflict === undefined) return []
    const text = `EgressRule ${keyOf(object)} is ignored: ${conflict.reason}`
    return [{ level: 'warning' as const, file, ...position, path: '', text }]
  })
}

/** The entry goes by the name of the rule, the object that people know, and is as old as it. */
function asServiceEntry(rule: EgressRule): readonly ServiceEntry[] {
  const part = enforceablePart(rule)
  if (part === undefined) return []
  const report = new Report()
  const entry = decodeKubeObject({ ...convertEgressRule(part) }, decodeServiceEntrySpec, report)
  checkServiceEntry(entry, report)
  const { apiVersion, kind, metadata } = rule
  const { creationTimestamp } = metadata
  const age = creationTimestamp === undefined ? {} : { creationTimestamp }
  return report.hasErrors ? [] : [{ ...entry, apiVersion, kind, metadata: { ...entry.metadata, ...age } }]
}

function oldestFirst(entries: readonly ServiceEntry[]): readonly ServiceEntry[] {
  if (!entries.some((entry) => entry.metadata.creationTimestamp !== undefined)) return entries
  return [...entries].sort((a, b) => compareAge(a, b))
}

/** Objects without a timestamp count as the oldest, as in Istio. */
function compareAge(a: ServiceEntry, b: ServiceEntry): number {
  const [createdA, createdB] = [createdAt(a), createdAt(b)]
  if (createdA !== createdB) return createdA < createdB ? -1 : 1
  if (a.metadata.creationTimestamp === undefined) return 0
  const [keyA, keyB] = [a, b].map(({ metadata }) => `${metadata.name}\0${metadata.namespace ?? 'default'}`) as [
    string,
    string,
  ]
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0
}

function createdAt(entry: ServiceEntry): number {
  const time = Date.parse(entry.metadata.creationTimestamp ?? '')
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}
