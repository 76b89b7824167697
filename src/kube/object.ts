/** metadata of a Kubernetes object, as far as Postern reads it (meta/v1 ObjectMeta). */
export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** RFC 3339; absent on objects read from files. */
  readonly creationTimestamp?: string
  readonly generation?: number
  readonly resourceVersion?: string
  readonly uid?: string
}

/** A Kubernetes object of any kind. */
export interface KubeObject<Spec = unknown> {
  /** "GROUP/VERSION", or "VERSION" for core kinds. */
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec: Spec
}

/** "NAMESPACE/NAME" of an object; objects without a namespace are in "default". */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`
}
