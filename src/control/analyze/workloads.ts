import { labelsAt, listAt } from './json.ts'
import { labelsMatch } from './names.ts'
import type { AnalysisService } from './services.ts'
import type { Subject } from './subject.ts'

/** Something that runs, or will: a Pod, the template of a Deployment and the like, a WorkloadEntry. */
export interface AnalysisWorkload {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly isPod: boolean
}

const TEMPLATED = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController'])

/** The workload of an object; undefined for objects that run nothing. Templates stand in for the pods that files do not hold. */
export function workloadOf(subject: Subject): AnalysisWorkload | undefined {
  const { kind, namespace, name, object, spec } = subject
  if (kind === 'Pod') return { namespace, name, labels: labelsAt(object, 'metadata', 'labels'), isPod: true }
  if (TEMPLATED.has(kind))
    return { namespace, name, labels: labelsAt(spec, 'template', 'metadata', 'labels'), isPod: true }
  if (kind === 'WorkloadGroup') return { namespace, name, labels: labelsAt(spec, 'metadata', 'labels'), isPod: false }
  if (kind !== 'WorkloadEntry') return undefined
  const labels = { ...labelsAt(object, 'metadata', 'labels'), ...labelsAt(spec, 'labels') }
  return { namespace, name, labels, isPod: false }
}

/** The labels of everything that stands behind a service; undefined when that is one unlabelled endpoint by its nature. */
export function endpointLabels(
  service: AnalysisService,
  workloads: readonly AnalysisWorkload[],
): readonly Readonly<Record<string, string>>[] {
  const { kind, spec } = service.subject
  const selector = kind === 'Service' ? labelsAt(spec, 'selector') : labelsAt(spec, 'workloadSelector', 'labels')
  const selected =
    Object.keys(selector).length === 0
      ? []
      : workloads.filter((one) => one.namespace === service.namespace && labelsMatch(selector, one.labels))
  return [
    ...selected.map(({ labels }) => labels),
    ...listAt(spec, 'endpoints').map((endpoint) => labelsAt(endpoint, 'labels')),
  ]
}
