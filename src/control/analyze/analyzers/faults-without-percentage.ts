import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { rulesOf } from '#control/analyze/destinations.ts'
import { at, mapAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'

/** Faults that meet nobody: without a percentage they are injected into no call at all (spec 1.3). */
export const faultsWithoutPercentage: Analyzer = {
  name: 'virtualservice.FaultPercentageAnalyzer',
  codes: ['EGR0006'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.ofKind('VirtualService')) {
      for (const [index, rule] of rulesOf(subject.spec, 'http')) {
        for (const kind of ['delay', 'abort']) {
          const fault = mapAt(rule, 'fault', kind)
          if (fault === undefined || at(fault, 'percentage') !== undefined || at(fault, 'percent') !== undefined)
            continue
          const text = `The ${kind} has no percentage, so it is injected into no request: add percentage {value: 100} to inject it into every one.`
          tell(subject, 'EGR0006', text, { path: ['spec', 'http', index, 'fault', kind] })
        }
      }
    }
  },
}
