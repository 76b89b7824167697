import { randomBytes, randomUUID } from 'node:crypto'
import type { JsonObject, KindDefinition } from '#api/kind.ts'
import { equalJson } from '#kube/json-value.ts'
import { badRequest, conflict, invalid } from '#kube/status-errors.ts'
import { metadataCauses } from './metadata-rules.ts'
import type { ObjectTarget } from './target.ts'

/** Fields that the server alone sets: what a client sends for them does not count. */
const SERVER_FIELDS = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
] as const

/** Letters and digits that spell no word. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5
const MAX_GENERATED_BASE = 63 - SUFFIX_LENGTH

/** metadata of an object as JSON data. */
export type Metadata = JsonObject

export function metadataOf(object: JsonObject): Metadata {
  return (object.metadata ?? {}) as Metadata
}

/**
 * The metadata of a new object: named, in its namespace, with uid and creationTimestamp. Throws a StatusError when it is invalid,
 * or is of another place than the path.
 */
export function metadataOfNew(given: Metadata, target: ObjectTarget, now: Date): Metadata {
  const { definition } = target.served
  if (text(given.resourceVersion) !== '') throw badRequest('resourceVersion should not be set on objects to be created')
  const placed = placedMetadata(given, target)
  const name = text(given.name) || generatedName(text(given.generateName))
  const metadata = { ...without(placed, SERVER_FIELDS), ...(name === '' ? {} : { name }) }
  const causes = metadataCauses(metadata, definition, undefined)
  if (causes.length > 0) throw invalid(definition.group, definition.kind, name, causes)
  const generation = hasGeneration(definition) ? { generation: 1 } : {}
  return { ...metadata, uid: randomUUID(), creationTimestamp: timestamp(now), ...generation }
}

/**
 * The metadata of a changed object: what the server set stays. Throws a StatusError when it is invalid, of another place than the path, or
 * made for another object or state of it.
 */
export function metadataOfChanged(given: Metadata, before: Metadata, target: ObjectTarget): Metadata {
  const { group, kind, plural } = target.served.definition
  const placed = placedMetadata(given, target)
  if (text(given.uid) !== '' && given.uid !== before.uid) {
    const why = `Precondition failed: UID in precondition: ${text(given.uid)}, UID in object meta: ${text(before.uid)}`
    throw conflict(group, plural, target.name, why)
  }
  const kept = Object.fromEntries(
    SERVER_FIELDS.filter((field) => field in before).map((field) => [field, before[field]]),
  )
  const metadata = { ...without(placed, SERVER_FIELDS), ...kept }
  const causes = metadataCauses(metadata, target.served.definition, before)
  if (causes.length > 0) throw invalid(group, kind, target.name, causes)
  return metadata
}

/** The object after a change of it, its generation counted up when something changed that is neither metadata nor status. */
export function withGeneration(after: JsonObject, before: JsonObject, definition: KindDefinition): JsonObject {
  if (!hasGeneration(definition)) return after
  const { generation = 1 } = before.metadata as { readonly generation?: number }
  const isSame = equalJson(wantedOf(after, definition), wantedOf(before, definition))
  return { ...after, metadata: { ...metadataOf(after), generation: isSame ? generation : generation + 1 } }
}

function wantedOf({ metadata: _, apiVersion: __, ...rest }: JsonObject, { hasStatus }: KindDefinition): JsonObject {
  const { status: ___, ...wanted } = rest
  return hasStatus ? wanted : rest
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`
}

/** Kinds of the core group have none, but for Pods. */
function hasGeneration({ group, kind }: KindDefinition): boolean {
  return group !== '' || kind === 'Pod'
}

function placedMetadata(given: Metadata, target: ObjectTarget): Metadata {
  const namespace = text(given.namespace)
  if (target.served.definition.scope === 'Cluster') {
    if (namespace !== '') throw badRequest('namespace must not be set on objects of a cluster-scoped kind')
    return without(given, ['namespace'])
  }
  if (namespace !== '' && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  checkName(text(given.name), target)
  return { ...given, namespace: target.namespace }
}

/** Throws a StatusError `BadRequest` for an object that is not the one whose path was asked for. */
export function checkName(name: string, target: ObjectTarget): void {
  if (target.name === '' || name === target.name) return
  throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`)
}

function generatedName(base: string): string {
  if (base === '') return ''
  const suffix = [...randomBytes(SUFFIX_LENGTH)].map((byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]).join('')
  return `${base.slice(0, MAX_GENERATED_BASE)}${suffix}`
}

function without(metadata: Metadata, fields: readonly string[]): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !fields.includes(name)))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
