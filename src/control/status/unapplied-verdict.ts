import { decodeKubeObject } from '#api/kube-object.ts'
import { decodeSidecarSpec } from '#api/networking/sidecar-schema.ts'
import { Report } from '#api/schema/report.ts'
import { unappliedPartsOfSidecar } from '#api/unapplied.ts'
import type { ApiObject } from '#kube/client/resource.ts'
import { formatPath } from '#kube/field-path.ts'
import { ACCEPTED, type Verdict } from './condition.ts'

/** Says of an object that is no ServiceEntry whether it has effect: of a Sidecar by its parts, of every other by its kind. */
export function unappliedVerdict(object: ApiObject): Verdict {
  if (object.kind !== 'Sidecar') return notApplied(`${object.kind} is stored, and has no effect in the mesh yet`)
  const report = new Report()
  const sidecar = decodeKubeObject({ spec: {}, ...object }, decodeSidecarSpec, report)
  // One with errors came past the rules of the API: it is left out whole.
  if (!report.hasErrors) unappliedPartsOfSidecar(sidecar, report)
  if (report.hasErrors) return { type: 'Accepted', status: 'False', reason: 'Invalid', message: listed(report) }
  return unappliedPartsVerdict(report)
}

/** Says of an object of which these parts have no effect that the others have. */
export function unappliedPartsVerdict(parts: Report): Verdict {
  return parts.findings.length === 0 ? ACCEPTED : notApplied(listed(parts))
}

function listed({ findings }: Report): string {
  return findings.map(({ path, text }) => `${formatPath(path)}: ${text}`).join('; ')
}

function notApplied(message: string): Verdict {
  return { type: 'Accepted', status: 'False', reason: 'NotApplied', message }
}
