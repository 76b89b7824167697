import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { faultOfAnnotation } from '#control/analyze/annotation-values.ts'
import { ANNOTATIONS, isIstioAnnotation } from '#control/analyze/annotations.ts'
import { labelsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import type { Subject } from '#control/analyze/subject.ts'

const KINDS = ['Namespace', 'Service', 'Pod', 'Deployment']
const INJECT = 'sidecar.istio.io/inject'

/** Annotations of Istio's domain on objects of Kubernetes: those it does not know, has given up, or reads on other kinds, and values it refuses. */
export const annotations: Analyzer = {
  name: 'annotations.K8sAnalyzer',
  codes: ['IST0107', 'IST0108', 'IST0125', 'IST0135'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of KINDS.flatMap((kind) => mesh.ofKind(kind)))
      for (const [name, value] of Object.entries(labelsAt(subject.object, 'metadata', 'annotations')))
        if (isIstioAnnotation(name)) judge(subject, name, value, tell)
  },
}

function judge(subject: Subject, name: string, value: string, tell: Tell): void {
  const about = { path: ['metadata', 'annotations', name] }
  const facts = ANNOTATIONS.get(name)
  if (facts === undefined) {
    tell(subject, 'IST0108', `Unknown annotation: ${name}`, about)
    return
  }
  if (facts.deprecated !== undefined && !hasReplacement(subject, name)) {
    const text = `Annotation ${JSON.stringify(name)} has been deprecated${facts.deprecated} and may not work in future Istio versions.`
    tell(subject, 'IST0135', text, about)
  }
  if (facts.kinds.includes('Any')) return
  if (!facts.kinds.includes(subject.kind)) {
    tell(subject, 'IST0107', `Misplaced annotation: ${name} can only be applied to ${facts.kinds.join(', ')}`, about)
    return
  }
  const fault = faultOfAnnotation(name, value)
  if (fault !== undefined) tell(subject, 'IST0125', `Invalid annotation ${name}: ${fault}`, about)
}

/** Who writes the label too keeps the annotation for older releases. */
function hasReplacement({ object }: Subject, name: string): boolean {
  return name === INJECT && labelsAt(object, 'metadata', 'labels')[INJECT] !== undefined
}
