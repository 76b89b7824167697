import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { type AnalysisService, scopesOverlap } from '#control/analyze/services.ts'
import { originOf } from '#control/analyze/subject.ts'

/** One host in entries of several namespaces: whoever sees both uses one of them, and the other has no effect there (spec 3.2). */
export const entryHosts: Analyzer = {
  name: 'serviceentry.HostAnalyzer',
  codes: ['EGR0012'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const [host, services] of Map.groupBy(mesh.services, (one) => one.host)) {
      for (const service of services) {
        if (service.subject.kind !== 'ServiceEntry') continue
        const rival = services.find((one) => isElsewhere(one, service))
        if (rival === undefined) continue
        const text = `${originOf(rival.subject)} defines the host ${host} too: a namespace that sees both uses its own, else the Service, else the older one.`
        tell(service.subject, 'EGR0012', text, { path: ['spec', 'hosts'] })
      }
    }
  },
}

function isElsewhere(other: AnalysisService, service: AnalysisService): boolean {
  return other.namespace !== service.namespace && scopesOverlap(other.exportTo, service.exportTo)
}
