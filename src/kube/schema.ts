/**
 * The schema of a value, in the words of OpenAPI v3 as Kubernetes narrows them for custom resources ("structural schemas"), so that it can
 * be served in `/openapi/v3` as it stands. Fields that no schema names are unknown: refused, warned of or pruned by the API server.
 */
export interface Schema {
  /** Absent: any value. */
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  /** One or two sentences, printed by `kubectl explain`. */
  readonly description?: string
  readonly format?: 'int32' | 'int64' | 'double' | 'date-time' | 'byte'
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  /** Fields of an object, by their lowerCamelCase names. */
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** Elements of a list. */
  readonly items?: Schema
  /** Values of a map. */
  readonly additionalProperties?: Schema
  /** The API server fills it in where the field is absent. */
  readonly default?: unknown
  readonly nullable?: true
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-int-or-string'?: true
  /** How server-side apply owns a list: whole (atomic, the default), by element (set), or by the elements' keys (map). */
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  /** How a strategic merge patch merges a list: core kinds only. */
  readonly 'x-kubernetes-patch-strategy'?: 'merge' | 'replace' | 'retainKeys' | 'merge,retainKeys'
  readonly 'x-kubernetes-patch-merge-key'?: string
}
