import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { findingsOf } from '#control/analyze/schema-findings.ts'
import type { Subject } from '#control/analyze/subject.ts'
import { formatPath } from '#kube/field-path.ts'
import type { Finding } from '#kube/message.ts'

/** Everything that the rules of each kind find wrong with an object by itself (spec 1), one message each. */
export const schema: Analyzer = {
  name: 'schema.ValidationAnalyzer',
  codes: ['IST0106', 'IST0130', 'IST0131', 'IST0133'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.subjects) for (const finding of findingsOf(subject.object)) say(subject, finding, tell)
  },
}

/** Rules of a virtual service that are never reached: warnings with codes of their own. */
const UNREACHABLE = /^virtualService (rule .+) not used (\(.*\))$/
const INEFFECTIVE = /^rule .+ match .+$/

function say(subject: Subject, { level, path, text }: Finding, tell: Tell): void {
  const [, rule, reason] = UNREACHABLE.exec(text) ?? []
  const detail = path.length === 0 ? text : `${formatPath(path)}: ${text}`
  if (rule !== undefined && INEFFECTIVE.test(rule)) {
    tell(subject, 'IST0131', `VirtualService ${rule} is not used ${reason}.`, { path })
  } else if (rule !== undefined) tell(subject, 'IST0130', `VirtualService ${rule} not used ${reason}.`, { path })
  else if (level === 'error') tell(subject, 'IST0106', `Schema validation error: ${detail}`, { path })
  else tell(subject, 'IST0133', `Schema validation warning: ${detail}`, { path })
}
