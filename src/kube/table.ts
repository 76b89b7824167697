import { humanDuration } from './human-duration.ts'
import { compileJsonPath } from './json-path.ts'
import { isJsonMap, type JsonMap } from './json-value.ts'

/** A column of a table, as a kind's printer columns have it. Name stands before them all, unless it is one of them. */
export interface TableColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly description: string
  /** 0 is always shown, 1 with `-o wide` only. */
  readonly priority: 0 | 1
  /** A JSONPath, or what computes the cell; of date columns either finds an RFC 3339 time. */
  readonly value: string | ((object: JsonMap) => string | number | boolean | undefined)
}

/** What a table is made of. */
export interface TableInput {
  readonly columns: readonly TableColumn[]
  readonly objects: readonly JsonMap[]
  /** What stands with each row: nothing, its metadata (the default of the API), or all of it. */
  readonly includeObject: 'None' | 'Metadata' | 'Object'
  /** What ages are counted to. */
  readonly now: Date
  readonly resourceVersion?: string
  /** The token of the next page. */
  readonly continue?: string
  readonly remainingItemCount?: number
  /** Default true; only the first event of a watch has columns. */
  readonly hasColumns?: boolean
}

type Cell = string | number | boolean | null

/** A meta/v1 Table: what `kubectl get` asks for, and prints. */
export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: {
    readonly resourceVersion?: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly columnDefinitions: readonly {
    readonly name: string
    readonly type: string
    readonly format: string
    readonly description: string
    readonly priority: number
  }[]
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly object: JsonMap | null }[]
}

const NAME_COLUMN = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name of the object, unique among those of its kind in a namespace.',
  priority: 0,
}

/** The table of some objects. A cell is null where the object has no such field. */
export function renderTable(input: TableInput): Table {
  const { columns, objects, includeObject, now, resourceVersion, remainingItemCount, hasColumns = true } = input
  const cells = columns.map((column) => cellOf(column, now))
  const namesItself = columns.some(({ name }) => name === NAME_COLUMN.name)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(input.continue === undefined ? {} : { continue: input.continue }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
    columnDefinitions: hasColumns ? [...(namesItself ? [] : [NAME_COLUMN]), ...columns.map(definition)] : [],
    rows: objects.map((object) => ({
      cells: [...(namesItself ? [] : [nameOf(object)]), ...cells.map((cell) => cell(object))],
      object: included(object, includeObject),
    })),
  }
}

function definition({ name, type, description, priority }: TableColumn): Table['columnDefinitions'][number] {
  return { name, type, format: '', description, priority }
}

function nameOf(object: JsonMap): string {
  const name = isJsonMap(object.metadata) ? object.metadata.name : undefined
  return typeof name === 'string' ? name : ''
}

function included(object: JsonMap, include: TableInput['includeObject']): JsonMap | null {
  if (include === 'None') return null
  if (include === 'Object') return object
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata ?? {} }
}

const compiledColumns = new WeakMap<TableColumn, (object: JsonMap) => unknown>()

function cellOf(column: TableColumn, now: Date): (object: JsonMap) => Cell {
  let find = compiledColumns.get(column)
  if (find === undefined) {
    find = finderOf(column)
    compiledColumns.set(column, find)
  }
  const found = find
  return (object) => cellText(found(object), column.type, now)
}

/** Of all that a path finds the first is shown, as by Kubernetes for custom resources. */
function finderOf({ value }: TableColumn): (object: JsonMap) => unknown {
  if (typeof value !== 'string') return value
  const path = compileJsonPath(value)
  return (object) => path(object)[0]
}

function cellText(value: unknown, type: TableColumn['type'], now: Date): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? age(value, now) : null
  }
}

/** How long ago a time was; "<unknown>" when there is none. */
export function age(time: string | undefined, now: Date): string {
  if (time === undefined || time === '') return '<unknown>'
  return humanDuration(now.getTime() - Date.parse(time))
}
