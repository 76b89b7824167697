import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { labelsAt, listAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch } from '#control/analyze/names.ts'
import type { Subject } from '#control/analyze/subject.ts'
import { endpointLabels } from '#control/analyze/workloads.ts'

/** Destination rules for hosts that nothing defines, and subsets that no workload is in. */
export const destinationRuleHost: Analyzer = {
  name: 'destinationrule.HostAnalyzer',
  codes: ['IST0173', 'IST0174'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const rule of mesh.ofKind('DestinationRule')) {
      const host = textAt(rule.spec, 'host')
      const full = mesh.hostOf(host, rule)
      if (host === '') continue
      if (!mesh.hasService(full, rule.namespace)) {
        const text = `The host ${host} defined in the DestinationRule does not match any services in the mesh.`
        tell(rule, 'IST0174', text, { path: ['spec', 'host'] })
      } else if (!full.startsWith('*')) tellSubsets(mesh, rule, full, tell)
    }
  },
}

function tellSubsets(mesh: MeshObjects, rule: Subject, host: string, tell: Tell): void {
  const service = mesh.service(host, rule.namespace)
  if (service === undefined) return
  const behind = endpointLabels(service, mesh.workloads)
  for (const [index, subset] of listAt(rule.spec, 'subsets').entries()) {
    const labels = labelsAt(subset, 'labels')
    if (Object.keys(labels).length === 0 || behind.some((one) => labelsMatch(labels, one))) continue
    const text = `The Subset ${textAt(subset, 'name')} defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).`
    tell(rule, 'IST0173', text, { path: ['spec', 'subsets', index] })
  }
}
