import { decodeKubeObject } from '#api/kube-object.ts'
import { decodeEgressRuleSpec, type EgressRule } from '#api/legacy/egress-rule.ts'
import { lossesOfConversion } from '#api/legacy/egress-rule-conversion.ts'
import { findConflicts } from '#api/legacy/egress-rule-rules.ts'
import { Report } from '#api/schema/report.ts'
import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import type { Subject } from '#control/analyze/subject.ts'

/** Egress rules of Istio 0.2 to 0.8: those that an earlier one leaves nothing to, and what they lose as service entries (spec 2.1, 2.2). */
export const egressRules: Analyzer = {
  name: 'egressrule.ConversionAnalyzer',
  codes: ['EGR0004', 'EGR0005'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const rules = new Map(mesh.ofKind('EgressRule').flatMap(decode))
    for (const [rule, { winner, reason }] of findConflicts([...rules.keys()])) {
      const text = `This EgressRule has no effect: ${reason}.`
      tell(rules.get(rule)!, 'EGR0004', text, { others: [rules.get(winner)!] })
    }
    for (const [rule, subject] of rules) {
      for (const { path, text } of lossesOfConversion(rule)) {
        tell(subject, 'EGR0005', `${text.charAt(0).toUpperCase()}${text.slice(1)}.`, { path })
      }
    }
  },
}

/** Those that are valid; the others have errors of their own. */
function decode(subject: Subject): readonly (readonly [EgressRule, Subject])[] {
  const report = new Report()
  const metadata = { ...(subject.object.metadata as object), namespace: subject.namespace }
  const rule = decodeKubeObject({ ...subject.object, metadata }, decodeEgressRuleSpec, report)
  return report.hasErrors ? [] : [[rule, subject]]
}
