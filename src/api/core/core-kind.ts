import type { JsonObject, KindDefinition, PrinterColumn } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import type { Schema } from '#kube/schema.ts'

/** What is particular to one kind of Kubernetes; the rest of its definition follows. */
export interface CoreKind {
  /** Default: "", the core group. */
  readonly group?: 'apps' | 'discovery.k8s.io'
  readonly kind: string
  readonly plural: string
  readonly shortNames?: readonly string[]
  /** Whether `kubectl get all` lists it. */
  readonly isInAll?: true
  readonly isClusterWide?: true
  readonly description: string
  readonly columns: readonly PrinterColumn[]
  /** Fields beside apiVersion, kind and metadata. */
  readonly properties: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** Beside metadata.name and metadata.namespace. */
  readonly selectableFields?: readonly string[]
  prepare?(object: JsonObject, before?: JsonObject): JsonObject
  /** Default: nothing beyond the schema. */
  check?(object: JsonObject, report: Report): void
  checkUpdate?(before: JsonObject, after: JsonObject, report: Report): void
}

/** A kind in version v1; it has the status resource when it has a status. Its rules take what was found before for faults of decoding. */
export function coreKind(kind: CoreKind): KindDefinition {
  const { prepare, check, checkUpdate, properties, required, selectableFields } = kind
  return {
    group: kind.group ?? '',
    kind: kind.kind,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    shortNames: kind.shortNames ?? [],
    categories: kind.isInAll ? ['all'] : [],
    scope: kind.isClusterWide ? 'Cluster' : 'Namespaced',
    versions: ['v1'],
    description: kind.description,
    columns: kind.columns,
    ...(selectableFields === undefined ? {} : { selectableFields }),
    schema: { type: 'object', properties, ...(required === undefined ? {} : { required }) },
    hasStatus: properties.status !== undefined,
    isCore: true,
    ...(prepare === undefined ? {} : { prepare }),
    check: (object, report) => {
      report.beginRules()
      check?.(object, report)
    },
    ...(checkUpdate === undefined ? {} : { checkUpdate }),
  }
}
