import { respell } from '#kube/field-spelling.ts'
import { getOwn, isJsonMap, type JsonMap } from '#kube/json-value.ts'
import type { Schema } from '#kube/schema.ts'
import { FieldSet } from './field-set.ts'
import { changesBetween, fieldSetOf } from './owned-fields.ts'

/** Where `kubectl apply` without `--server-side` keeps what it applied. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** The name that `kubectl apply --server-side` goes by unless it is given another. */
const KUBECTL = 'kubectl'

/**
 * Whoever changes from `kubectl apply` to `kubectl apply --server-side` meets its own former self as another manager: the fields that
 * still are as that applied them last are its own, and no conflict.
 */
export function lastAppliedFields(live: JsonMap | undefined, manager: string, schema: Schema): FieldSet {
  const written = manager === KUBECTL ? lastAppliedOf(live) : undefined
  if (written === undefined) return FieldSet.empty
  const lastApplied = respell(written, schema)
  const { set, removed } = changesBetween(lastApplied, live, schema)
  return fieldSetOf(lastApplied, schema).difference(set).difference(removed)
}

/** What `kubectl apply` without `--server-side` says that it applied, as it was written; undefined where it says nothing. */
export function lastAppliedOf(object: JsonMap | undefined): JsonMap | undefined {
  return parseObject(annotationsOf(object)?.[LAST_APPLIED])
}

/** Keeps the annotation true where an object has it, so that a later `kubectl apply` without `--server-side` knows what to take away. */
export function withLastApplied(value: JsonMap, applied: JsonMap, manager: string): JsonMap {
  const annotations = annotationsOf(value)
  if (manager !== KUBECTL || annotations === undefined || !getOwn(annotations, LAST_APPLIED)) return value
  const text = `${JSON.stringify(sorted(withoutAnnotation(applied)))}\n`
  if (annotations[LAST_APPLIED] === text) return value
  return withAnnotations(value, { ...annotations, [LAST_APPLIED]: text })
}

function withoutAnnotation(object: JsonMap): JsonMap {
  const annotations = annotationsOf(object)
  if (annotations === undefined) return object
  const { [LAST_APPLIED]: _, ...others } = annotations
  return withAnnotations(object, others)
}

function withAnnotations(object: JsonMap, annotations: JsonMap): JsonMap {
  return { ...object, metadata: { ...(object.metadata as JsonMap), annotations } }
}

function annotationsOf(object: JsonMap | undefined): JsonMap | undefined {
  if (!isJsonMap(object?.metadata)) return undefined
  const { annotations } = object.metadata
  return isJsonMap(annotations) ? annotations : undefined
}

/** With the keys of its maps in order, as Kubernetes writes JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isJsonMap(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, child]) => [name, sorted(child)]))
}

function parseObject(text: unknown): JsonMap | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isJsonMap(value) ? value : undefined
  } catch {
    return undefined
  }
}
