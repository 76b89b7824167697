import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { destinationsOf } from '#control/analyze/destinations.ts'
import { listAt, stringsAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { isVisibleFrom, visibility } from '#control/analyze/services.ts'
import type { Subject } from '#control/analyze/subject.ts'

/** Subsets that no destination rule defines: calls to them find no cluster and fail with 503 (spec 4.2). */
export const destinationSubset: Analyzer = {
  name: 'virtualservice.DestinationRuleAnalyzer',
  codes: ['IST0101'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const rules = Map.groupBy(mesh.ofKind('DestinationRule'), (rule) => mesh.hostOf(textAt(rule.spec, 'host'), rule))
    for (const subject of mesh.ofKind('VirtualService')) {
      for (const { host, subset, role, path } of destinationsOf(subject)) {
        if (subset === '') continue
        const defined = rules.get(mesh.hostOf(host, subject))?.some((rule) => offers(rule, subset, subject))
        if (defined) continue
        const what = role === 'mirror' ? 'mirror+subset' : 'host+subset'
        tell(subject, 'IST0101', `Referenced ${what} in destinationrule not found: "${host}+${subset}"`, {
          path: [...path, 'subset'],
        })
      }
    }
  },
}

function offers(rule: Subject, subset: string, { namespace }: Subject): boolean {
  const exportTo = visibility(stringsAt(rule.spec, 'exportTo'), rule.namespace)
  return (
    isVisibleFrom(exportTo, namespace) && listAt(rule.spec, 'subsets').some((one) => textAt(one, 'name') === subset)
  )
}
