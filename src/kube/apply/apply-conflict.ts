import { StatusError } from '#kube/status.ts'
import type { Writer } from './managed-fields.ts'

/** A field that somebody else owns and that an application would change. */
export interface ApplyConflict extends Writer {
  /** As `.spec.ports[name="http"].number`. */
  readonly field: string
}

/** 409: what kubectl prints, with its advice below, when a server-side apply meets fields of others. */
export function applyConflict(conflicts: readonly ApplyConflict[]): StatusError {
  const causes = conflicts.map((conflict) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describeWriter(conflict)}`,
    field: conflict.field,
  }))
  return new StatusError('Conflict', conflictText(conflicts), { causes })
}

function conflictText(conflicts: readonly ApplyConflict[]): string {
  const [first] = conflicts
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describeWriter(first)}: ${first.field}`
  }
  const byWriter = Map.groupBy(conflicts, describeWriter)
  const lines = [...byWriter]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([writer, theirs]) => [`conflicts with ${writer}:`, ...theirs.map(({ field }) => `- ${field}`)])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function describeWriter({ manager, operation, apiVersion, subresource }: Writer): string {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
