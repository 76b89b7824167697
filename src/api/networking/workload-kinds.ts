import { column, istioKind } from '#api/istio-kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import type { WorkloadEntrySpec } from '#api/service-entry.ts'
import { decodeWorkloadEntrySpec } from '#api/service-entry-schema.ts'
import { checkWorkloadEntry } from '#api/workload-entry-rules.ts'
import { checkWorkloadGroup } from './workload-group-rules.ts'
import { decodeWorkloadGroupSpec } from './workload-group-schema.ts'

/** Spec 1.2. */
export const WORKLOAD_ENTRY = istioKind<WorkloadEntrySpec>({
  group: 'networking.istio.io',
  kind: 'WorkloadEntry',
  plural: 'workloadentries',
  shortNames: ['we'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'One workload outside of the cluster, such as a virtual machine, as an endpoint of services.',
  columns: [AGE_COLUMN, column('Address', '.spec.address', 'Address of the workload.')],
  decodeSpec: decodeWorkloadEntrySpec,
  isSpecRequired: true,
  checkRules: ({ spec }, report) => checkWorkloadEntry(spec, ['spec'], report),
})

/** Spec 1.2. */
export const WORKLOAD_GROUP = istioKind({
  group: 'networking.istio.io',
  kind: 'WorkloadGroup',
  plural: 'workloadgroups',
  shortNames: ['wg'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'What workloads outside of the cluster have in common, and how they are found ready.',
  decodeSpec: decodeWorkloadGroupSpec,
  isSpecRequired: true,
  checkRules: checkWorkloadGroup,
})
