import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { at, mapAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'

/** An outboundTrafficPolicy that is there but says nothing: it is REGISTRY_ONLY, whatever the mesh allows (spec 1.6). */
export const outboundPolicy: Analyzer = {
  name: 'sidecar.OutboundTrafficPolicyAnalyzer',
  codes: ['EGR0010'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const sidecar of mesh.ofKind('Sidecar')) {
      const policy = mapAt(sidecar.spec, 'outboundTrafficPolicy')
      if (policy === undefined || at(policy, 'mode') !== undefined) continue
      const text =
        'An outboundTrafficPolicy without a mode means REGISTRY_ONLY: write the mode, or leave the policy out to have that of the mesh.'
      tell(sidecar, 'EGR0010', text, { path: ['spec', 'outboundTrafficPolicy'] })
    }
  },
}
