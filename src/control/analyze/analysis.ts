import type { FieldPath } from '#kube/field-path.ts'
import type { AnalysisCode, AnalysisLevel } from './codes.ts'
import type { MeshObjects } from './mesh-objects.ts'
import type { Subject } from './subject.ts'

/** One thing that analysis found (spec 8.2). */
export interface AnalysisMessage {
  readonly code: AnalysisCode
  readonly level: AnalysisLevel
  readonly kind: string
  /** "" for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
  /** "VirtualService default/x" */
  readonly origin: string
  readonly message: string
  readonly file: string | undefined
  readonly line: number | undefined
  /** Other objects that it takes for this to be wrong, as origins: those of a conflict. */
  readonly others: readonly string[]
}

/** Takes one finding about an object: its code, the text, the field, and the other objects of a conflict. */
export type Tell = (
  subject: Subject,
  code: AnalysisCode,
  message: string,
  about?: { readonly path?: FieldPath; readonly others?: readonly Subject[] },
) => void

/** Looks for one kind of mistake. */
export interface Analyzer {
  /** As `-L` lists it: "virtualservice.DestinationHostAnalyzer". */
  readonly name: string
  readonly codes: readonly AnalysisCode[]
  analyze(mesh: MeshObjects, tell: Tell): void
}
