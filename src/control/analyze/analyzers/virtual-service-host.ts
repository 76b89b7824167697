import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { isBoundToMesh } from '#control/analyze/destinations.ts'
import { listAt, stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'

/** Hosts of virtual services for TLS and TCP that no service has: nothing listens for them, so the rules have no effect (spec 4.4). */
export const virtualServiceHost: Analyzer = {
  name: 'virtualservice.HostAnalyzer',
  codes: ['EGR0007'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.ofKind('VirtualService')) {
      if (!isBoundToMesh(subject) || [...listAt(subject.spec, 'tls'), ...listAt(subject.spec, 'tcp')].length === 0)
        continue
      for (const [index, host] of stringsAt(subject.spec, 'hosts').entries()) {
        if (mesh.hasService(mesh.hostOf(host, subject), subject.namespace)) continue
        const text = `No service and no ServiceEntry has the host ${JSON.stringify(host)}, so the tls and tcp rules for it have no effect.`
        tell(subject, 'EGR0007', text, { path: ['spec', 'hosts', index] })
      }
    }
  },
}
