import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { rulesOf } from '#control/analyze/destinations.ts'
import { mapAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'

/** Virtual services that another one hands a part of its routes to, and that are not there: the routes are missing then (spec 4.3). */
export const delegateReference: Analyzer = {
  name: 'virtualservice.DelegateAnalyzer',
  codes: ['IST0101'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.ofKind('VirtualService')) {
      for (const [index, rule] of rulesOf(subject.spec, 'http')) {
        const delegate = mapAt(rule, 'delegate')
        if (delegate === undefined) continue
        const namespace = textAt(delegate, 'namespace') || subject.namespace
        const name = textAt(delegate, 'name')
        if (mesh.named('VirtualService', namespace, name) !== undefined) continue
        const path = ['spec', 'http', index, 'delegate']
        tell(subject, 'IST0101', `Referenced delegate not found: "${namespace}/${name}"`, { path })
      }
    }
  },
}
