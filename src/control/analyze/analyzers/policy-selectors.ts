import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { labelsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch, selectorText } from '#control/analyze/names.ts'

const POLICIES = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication', 'Telemetry'] as const

/** Policies whose selector no workload has. Those of the root namespace are for all namespaces, PeerAuthentication apart (spec 1.7). */
export const policySelectors: Analyzer = {
  name: 'auth.WorkloadSelectorAnalyzer',
  codes: ['IST0127', 'EGR0008'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const policy of POLICIES.flatMap((kind) => mesh.ofKind(kind))) {
      const selector = labelsAt(policy.spec, 'selector', 'matchLabels')
      if (Object.keys(selector).length === 0) continue
      const path = ['spec', 'selector', 'matchLabels']
      const isRoot = policy.namespace === mesh.rootNamespace
      if (isRoot && policy.kind === 'PeerAuthentication') {
        const text = `A PeerAuthentication with a selector in the root namespace ${JSON.stringify(mesh.rootNamespace)} is ignored: put it into the namespace of its workloads.`
        tell(policy, 'EGR0008', text, { path })
        continue
      }
      const found = mesh.workloads.some(
        (one) => (isRoot || one.namespace === policy.namespace) && labelsMatch(selector, one.labels),
      )
      if (found) continue
      tell(
        policy,
        'IST0127',
        `No matching workloads for this resource with the following labels: ${selectorText(selector)}`,
        { path },
      )
    }
  },
}
