import { isJsonMap, type JsonMap } from '#kube/json-value.ts'
import { FieldSet } from './field-set.ts'

/** Who wrote: a program by its name and whether it applied or wrote otherwise; `subresource` is "" for the object itself. */
export interface Writer {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
}

/** One entry of metadata.managedFields: the fields of one writer. */
export interface ManagedFields extends Writer {
  /** RFC 3339; undefined in what old clients wrote. */
  readonly time: string | undefined
  readonly fields: FieldSet
}

/** Reads metadata.managedFields; undefined when an entry is broken. None: an empty list. */
export function decodeManagedFields(given: unknown): readonly ManagedFields[] | undefined {
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) return undefined
  const entries: ManagedFields[] = []
  for (const one of given) {
    const entry = isJsonMap(one) ? decodeEntry(one) : undefined
    if (entry === undefined) return undefined
    entries.push(entry)
  }
  return entries
}

function decodeEntry(entry: JsonMap): ManagedFields | undefined {
  const { manager = '', operation, apiVersion, time, fieldsType, fieldsV1, subresource = '' } = entry
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (typeof manager !== 'string' || typeof apiVersion !== 'string' || typeof subresource !== 'string') return undefined
  const fields = fieldsType === 'FieldsV1' ? FieldSet.decode(fieldsV1 ?? {}) : undefined
  if (fields === undefined) return undefined
  return { manager, operation, apiVersion, subresource, time: typeof time === 'string' ? time : undefined, fields }
}

/** Updates beyond this many are kept as one, so that an object does not grow with the number of its writers. */
const MAX_UPDATERS = 10
const OLD_UPDATES = 'ancient-changes'

/** metadata.managedFields of these entries: those that applied first, then by time and name; entries without fields vanish. */
export function encodeManagedFields(entries: readonly ManagedFields[]): readonly JsonMap[] {
  return capped(entries.filter(({ fields }) => !fields.isEmpty).sort(inOrder)).map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: entry.fields.encode(),
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }))
}

/** Who applies is the same in every version; who updates is told apart by it. */
export function isSameWriter(a: Writer, b: Writer): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  )
}

/** The object with these entries in its metadata. */
export function withManagedFields(object: JsonMap, entries: readonly ManagedFields[]): JsonMap {
  const { managedFields: _, ...metadata } = isJsonMap(object.metadata) ? object.metadata : {}
  const encoded = encodeManagedFields(entries)
  return { ...object, metadata: encoded.length === 0 ? metadata : { ...metadata, managedFields: encoded } }
}

export function managedFieldsOf(object: JsonMap | undefined): unknown {
  return isJsonMap(object?.metadata) ? object.metadata.managedFields : undefined
}

/** Times of managedFields have whole seconds. */
export function timeText(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, 'Z')
}

function inOrder(a: ManagedFields, b: ManagedFields): number {
  const keys = (entry: ManagedFields) =>
    [entry.operation, entry.time ?? '', entry.manager, entry.apiVersion, entry.subresource] as const
  const others = keys(b)
  for (const [index, key] of keys(a).entries()) {
    const other = others[index] as string
    if (key !== other) return key < other ? -1 : 1
  }
  return 0
}

/** The oldest updates of each version become one, until few enough are left. */
function capped(sorted: readonly ManagedFields[]): readonly ManagedFields[] {
  const updates = sorted.filter(({ operation }) => operation === 'Update')
  let surplus = updates.length - MAX_UPDATERS
  if (surplus <= 0) return sorted
  const oldest = new Map<string, ManagedFields[]>()
  for (const entry of updates) {
    const merged = oldest.get(entry.apiVersion) ?? []
    if (merged.length > 0 && --surplus < 0) break
    oldest.set(entry.apiVersion, [...merged, entry])
  }
  const buckets = [...oldest.values()].filter(({ length }) => length > 1)
  const gone = new Set(buckets.flat())
  return [...sorted.filter((entry) => !gone.has(entry)), ...buckets.map(asOne)].sort(inOrder)
}

function asOne(entries: readonly ManagedFields[]): ManagedFields {
  const newest = entries.at(-1) as ManagedFields
  const fields = entries.reduce((all, entry) => all.union(entry.fields), FieldSet.empty)
  return { ...newest, manager: OLD_UPDATES, subresource: '', fields }
}
