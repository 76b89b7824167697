import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { listAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { entryPorts, isAllocatedAddresses } from '#control/analyze/services.ts'

/** TCP ports of service entries that no address tells apart: they take every call to their port (spec 3.5). */
export const entryAddresses: Analyzer = {
  name: 'serviceentry.ProtocolAddressesAnalyzer',
  codes: ['IST0134'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const entry of mesh.ofKind('ServiceEntry')) {
      if (listAt(entry.spec, 'addresses').length > 0 || (mesh.allocatesAddresses && isAllocatedAddresses(entry)))
        continue
      if (listAt(entry.object, 'status', 'addresses').length > 0) continue
      for (const [index, { protocol }] of entryPorts(entry).entries()) {
        if (protocol !== '' && protocol.toUpperCase() !== 'TCP') continue
        tell(entry, 'IST0134', 'ServiceEntry addresses are required for this protocol.', {
          path: ['spec', 'ports', index],
        })
      }
    }
  },
}
