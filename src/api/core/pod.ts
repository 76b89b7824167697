import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import { coreKind } from './core-kind.ts'
import { listAt, mapAt, mapped, withDefaults, withFields } from './object-fields.ts'
import { POD_COLUMNS } from './pod-columns.ts'
import { prepareOwnSpec } from './pod-spec-defaults.ts'
import { checkPodSpec } from './pod-spec-rules.ts'
import { POD_SPEC } from './pod-spec-schema.ts'
import { POD_STATUS } from './pod-status-schema.ts'

export const POD = coreKind({
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  isInAll: true,
  description: 'Containers that run together, sharing an address.',
  columns: POD_COLUMNS,
  properties: { spec: POD_SPEC, status: POD_STATUS },
  required: ['spec'],
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  prepare: (pod) =>
    withFields(pod, {
      spec: prepareOwnSpec(pod.spec),
      status: withDefaults(pod.status ?? {}, { phase: 'Pending' }),
    }),
  check: (pod, report) => checkPodSpec(mapAt(pod, 'spec'), ['spec'], report),
  checkUpdate: checkPodUpdate,
})

/** Of a Pod that exists only its images, deadlines and tolerations may change, and containers to look around may be added. */
function checkPodUpdate(before: JsonObject, after: JsonObject, report: Report): void {
  for (const list of ['containers', 'initContainers']) {
    if (listAt(before, 'spec', list).length === listAt(after, 'spec', list).length) continue
    report.fault(['spec', list], 'Forbidden: pod updates may not add or remove containers')
    return
  }
  if (isDeepStrictEqual(fixedPart(before), fixedPart(after))) return
  report.fault(
    ['spec'],
    'Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` (only additions to existing tolerations), `spec.terminationGracePeriodSeconds`',
  )
}

/** A Pod is bound to its node once, by whoever schedules it. */
function fixedPart(pod: JsonObject): unknown {
  const spec = mapAt(pod, 'spec')
  const withoutImage = (container: unknown) => withFields(container, { image: undefined, resources: undefined })
  return withFields(spec, {
    containers: mapped(spec.containers, withoutImage),
    initContainers: mapped(spec.initContainers, withoutImage),
    ephemeralContainers: undefined,
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    terminationGracePeriodSeconds: undefined,
    nodeName: undefined,
  })
}
