import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { listAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { entryPorts } from '#control/analyze/services.ts'
import { RESERVED_PORTS } from '#control/translate/outbound-listeners.ts'

/** Ports of service entries that belong to the sidecar: nothing on every address can be there too (spec 3.4). */
export const reservedPorts: Analyzer = {
  name: 'serviceentry.ReservedPortAnalyzer',
  codes: ['EGR0013'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const entry of mesh.ofKind('ServiceEntry')) {
      if (listAt(entry.spec, 'addresses').length > 0) continue
      for (const [index, { number }] of entryPorts(entry).entries()) {
        if (!RESERVED_PORTS.has(number)) continue
        const text = `Port ${number} is one of the sidecar's own, so the entry has no effect on it: give the entry addresses, or use another port.`
        tell(entry, 'EGR0013', text, { path: ['spec', 'ports', index] })
      }
    }
  },
}
