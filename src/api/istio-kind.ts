import type { KubeObject } from '#kube/object.ts'
import type { Schema } from '#kube/schema.ts'
import type { JsonObject, KindDefinition, PrinterColumn } from './kind.ts'
import { decodeKubeObject } from './kube-object.ts'
import { AGE_COLUMN } from './printer-column.ts'
import type { Decode } from './schema/decode.ts'
import type { Report } from './schema/report.ts'

/** What is particular to one kind of Istio; the rest of its definition follows (spec 1.0). */
export interface IstioKind<Spec> {
  readonly group:
    | 'networking.istio.io'
    | 'security.istio.io'
    | 'telemetry.istio.io'
    | 'extensions.istio.io'
    | 'config.istio.io'
  readonly kind: string
  readonly plural: string
  readonly shortNames?: readonly string[]
  readonly versions: readonly [string, ...string[]]
  readonly description: string
  /** Default: the age alone, which Kubernetes shows for definitions without columns. */
  readonly columns?: readonly PrinterColumn[]
  readonly decodeSpec: Decode<Spec>
  readonly writeWarning?: string
  /** The API server refuses objects without a spec by its schema. */
  readonly isSpecRequired?: true
  /** The kind's rules. */
  checkRules(object: KubeObject<Spec>, report: Report): void
}

/** A column that shows one field of the object, always. */
export function column(name: string, value: string, description: string): PrinterColumn {
  return { name, type: 'string', description, priority: 0, value }
}

/** Written by controllers only; nothing in it is checked. */
const STATUS_SCHEMA: Schema = {
  type: 'object',
  description: 'What has become of the object: conditions, and the generation they are about.',
  'x-kubernetes-preserve-unknown-fields': true,
}

export function istioKind<Spec>(kind: IstioKind<Spec>): KindDefinition {
  return {
    group: kind.group,
    kind: kind.kind,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    shortNames: kind.shortNames ?? [],
    categories: ['istio-io', kind.group.replaceAll('.', '-')],
    scope: 'Namespaced',
    versions: kind.versions,
    description: kind.description,
    columns: kind.columns ?? [AGE_COLUMN],
    schema: {
      type: 'object',
      properties: { spec: { ...kind.decodeSpec.schema, description: kind.description }, status: STATUS_SCHEMA },
      ...(kind.isSpecRequired ? { required: ['spec'] } : {}),
    },
    hasStatus: true,
    ...(kind.writeWarning === undefined ? {} : { writeWarning: kind.writeWarning }),
    isCore: false,
    check: (object, report) => check(kind, object, report),
  }
}

/** Where the spec is not required, leaving it out says what an empty one says, as in Istio. */
function check<Spec>(kind: IstioKind<Spec>, object: JsonObject, report: Report): void {
  const spec = object.spec ?? (kind.isSpecRequired ? undefined : {})
  const decoded = decodeKubeObject({ ...object, spec }, kind.decodeSpec, report)
  if (spec !== undefined) kind.checkRules(decoded, report)
}
