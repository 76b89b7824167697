import type { FieldPath } from '#kube/field-path.ts'
import type { Json } from './json.ts'

/** One object under analysis, of any kind, and where it was written. */
export interface AnalysisInput {
  readonly object: Json
  /** Absent: it is live. */
  readonly file?: string
  /** Of the object's beginning. */
  readonly line?: number
  /** The place of a field in the file; absent: the object's. */
  locate?(path: FieldPath): { readonly line: number }
}

export interface AnalysisOptions {
  /** Of objects that name none; default "default". */
  readonly namespace?: string
  /** Default "cluster.local". */
  readonly domain?: string
  /** Default "istio-system": its policies and destination rules count everywhere. */
  readonly rootNamespace?: string
  /** Whether services without addresses get automatic ones; default true, as in Postern's own mesh. */
  readonly allocatesAddresses?: boolean
  /** Kinds of which not all objects are given: that one is missing means nothing; default none. */
  readonly unlisted?: readonly string[]
}

/** An object under analysis. */
export interface Subject {
  readonly kind: string
  readonly group: string
  readonly namespace: string
  readonly name: string
  readonly object: Json
  readonly spec: Json
  readonly input: AnalysisInput
}

/** "VirtualService default/x"; cluster-scoped kinds without a namespace. */
export function originOf({ kind, namespace, name }: Pick<Subject, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** "default/x" */
export function fullNameOf({ namespace, name }: Pick<Subject, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}
