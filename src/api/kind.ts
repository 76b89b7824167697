import type { Schema } from '#kube/schema.ts'
import type { Report } from './schema/report.ts'

/** An object of any kind as plain JSON data, metadata included. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A column of `kubectl get`. NAME stands before them, NAMESPACE before that with -A; AGE is a column like the others. Dates are RFC 3339. */
export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly description: string
  /** 0 is always shown, 1 with `-o wide` only. */
  readonly priority: 0 | 1
  /** A JSONPath such as `.spec.hosts`, as custom resource definitions have it; or what computes the cell, for core kinds. */
  readonly value: string | ((object: JsonObject) => string | number | boolean | undefined)
}

/** A kind that the API serves: everything that is particular to it. The server itself knows no kind (ARCHITECTURE, section 4). */
export interface KindDefinition {
  /** "" for core kinds. */
  readonly group: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  /** e.g. `istio-io`, `networking-istio-io`, `all` */
  readonly categories: readonly string[]
  readonly scope: 'Namespaced' | 'Cluster'
  /** Served versions, the preferred one first: objects are stored in that one. All share one schema (spec 1.0). */
  readonly versions: readonly [string, ...string[]]
  /** A sentence for `kubectl explain`. */
  readonly description: string
  /** NAME stands before them, unless one of them is called Name. */
  readonly columns: readonly PrinterColumn[]
  /** Fields that `--field-selector` takes beside metadata.name and metadata.namespace, such as `spec.nodeName`. */
  readonly selectableFields?: readonly string[]
  /** Fields beside apiVersion, kind and metadata: spec, status; data, type, ... of core kinds. */
  readonly schema: Schema
  /** Whether `/status` is a resource of its own. */
  readonly hasStatus: boolean
  /** Told to whoever writes an object of the kind, whatever is in it: kubectl prints it as `Warning: ...`. */
  readonly writeWarning?: string
  /** Core kinds take strategic merge patches; custom resources answer 415 to them. */
  readonly isCore: boolean
  /**
   * Fills in defaults that depend on other fields, and folds what may be written in several ways into what is stored. Applied to every write, once
   * the object has its name and the defaults of the schema, before it is checked; `before` is what an update replaces. Pure; never throws,
   * whatever types the fields have.
   */
  prepare?(object: JsonObject, before?: JsonObject): JsonObject
  /** Reports every error and warning of an object whose fields have the right types: the kind's own rules. Never throws. */
  check(object: JsonObject, report: Report): void
  /** Reports what may not change between two versions of an object, both prepared. Called besides `check`; never throws. */
  checkUpdate?(before: JsonObject, after: JsonObject, report: Report): void
}

/** The group and version of an object: "networking.istio.io/v1", or "v1" for core kinds. */
export function apiVersionOf(kind: Pick<KindDefinition, 'group'>, version: string): string {
  return kind.group === '' ? version : `${kind.group}/${version}`
}
