import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { labelsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch, listText, selectorText } from '#control/analyze/names.ts'
import type { Subject } from '#control/analyze/subject.ts'

/** Sidecars of a namespace that are for the same workloads: one of them wins (spec 1.6). */
export const sidecarSelectors: Analyzer = {
  name: 'sidecar.SelectorAnalyzer',
  codes: ['IST0101', 'IST0110', 'IST0111'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const [namespace, sidecars] of Map.groupBy(mesh.ofKind('Sidecar'), (one) => one.namespace)) {
      const selecting = sidecars.filter((one) => Object.keys(selectorOf(one)).length > 0)
      tellDefaults(
        sidecars.filter((one) => !selecting.includes(one)),
        namespace,
        tell,
      )
      tellSelecting(mesh, selecting, namespace, tell)
    }
  },
}

function tellDefaults(defaults: readonly Subject[], namespace: string, tell: Tell): void {
  if (defaults.length < 2) return
  const text = `The Sidecars ${listText(namesOf(defaults))} in namespace ${JSON.stringify(namespace)} have no workload selector, which can lead to undefined behavior.`
  for (const one of defaults) tell(one, 'IST0111', text, { others: defaults.filter((other) => other !== one) })
}

function tellSelecting(mesh: MeshObjects, sidecars: readonly Subject[], namespace: string, tell: Tell): void {
  const pods = mesh.workloads.filter((one) => one.isPod && one.namespace === namespace)
  for (const one of sidecars) {
    const selector = selectorOf(one)
    if (pods.some(({ labels }) => labelsMatch(selector, labels))) continue
    const path = ['spec', 'workloadSelector', 'labels']
    tell(one, 'IST0101', `Referenced selector not found: "${selectorText(selector)}"`, { path })
  }
  for (const { name, labels } of pods) {
    const matching = sidecars.filter((one) => labelsMatch(selectorOf(one), labels))
    if (matching.length < 2) continue
    const text = `The Sidecars ${listText(namesOf(matching))} in namespace ${JSON.stringify(namespace)} select the same workload pod ${JSON.stringify(name)}, which can lead to undefined behavior.`
    for (const one of matching) tell(one, 'IST0110', text, { others: matching.filter((other) => other !== one) })
  }
}

function selectorOf({ spec }: Subject): Readonly<Record<string, string>> {
  return labelsAt(spec, 'workloadSelector', 'labels')
}

function namesOf(subjects: readonly Subject[]): readonly string[] {
  return subjects.map(({ name }) => name).sort()
}
